import type { Texts } from './texts.js';

export const de: Texts = {
  greeting: 'Guten Tag <%= it.name %>,',
  plainGreeting: 'Guten Tag,',
  subscription: 'Ihr Abonnement',
  quotes: ['„', '“'],
  button: 'Zahlungsmittel ändern',
  orOpen: 'Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:',
  footer: 'Sie erhalten diese Nachricht von <%= it.brand %>, weil Sie dort ein Abonnement haben.',
  notices: {
    renewal_upcoming: {
      subject: '<%= it.brand %>: Ihr Abonnement verlängert sich für <%= it.amount %>',
      title: 'Ihr Abonnement verlängert sich bald',
      paragraphs: [
        'Am <%= it.day %> beginnt ein neuer Zeitraum für <%= it.what %>, und wir ziehen <%= it.amount %> über Ihr Zahlungsmittel ein.',
        'Sie müssen nichts tun. Wenn Sie vorher etwas ändern möchten, melden Sie sich bitte bei uns.',
      ],
    },
    payment_failed: {
      subject: '<%= it.brand %>: Ihre Zahlung über <%= it.amount %> ist fehlgeschlagen',
      title: 'Ihre Zahlung ist fehlgeschlagen',
      paragraphs: [
        'Wir konnten <%= it.amount %> für <%= it.what %> nicht einziehen.',
        'Sie müssen nichts tun: Wir versuchen es in den nächsten Tagen noch einmal. Wenn Sie lieber anders zahlen möchten, geben Sie uns bitte ein anderes Zahlungsmittel an.',
      ],
    },
    action_needed: {
      subject: '<%= it.brand %>: Bitte bestätigen Sie Ihre Zahlung über <%= it.amount %>',
      title: 'Ihre Bank bittet Sie, eine Zahlung zu bestätigen',
      paragraphs: [
        'Ihre Bank möchte, dass Sie die Zahlung von <%= it.amount %> für <%= it.what %> selbst bestätigen. Bis dahin können wir sie nicht einziehen.',
        'Bitte geben Sie Ihr Zahlungsmittel noch einmal ein und folgen Sie den Schritten, die Ihre Bank verlangt.',
      ],
    },
    new_method_needed: {
      subject: '<%= it.brand %>: Für <%= it.amount %> brauchen wir ein anderes Zahlungsmittel',
      title: 'Bitte geben Sie uns ein anderes Zahlungsmittel an',
      paragraphs: [
        'Wir konnten <%= it.amount %> für <%= it.what %> nicht einziehen, und ein weiterer Versuch auf demselben Weg hilft nicht.',
        'Bitte geben Sie uns ein anderes Zahlungsmittel an. Wir verwenden es sofort für den offenen Betrag.',
      ],
    },
    service_restricted: {
      subject: '<%= it.brand %>: Ihr Zugang ist eingeschränkt, bis <%= it.amount %> bezahlt sind',
      title: 'Ihr Zugang ist eingeschränkt',
      paragraphs: [
        'Die Zahlung von <%= it.amount %> für <%= it.what %> ist noch offen. Deshalb ist Ihr Zugang vorerst eingeschränkt.',
        'Sobald die Zahlung eingegangen ist, funktioniert alles wie zuvor.',
      ],
    },
    service_suspended: {
      subject: '<%= it.brand %>: Ihr Zugang ist gesperrt, bis <%= it.amount %> bezahlt sind',
      title: 'Ihr Zugang ist gesperrt',
      paragraphs: [
        'Die Zahlung von <%= it.amount %> für <%= it.what %> ist noch offen. Deshalb ist Ihr Zugang vorerst gesperrt.',
        'Sobald die Zahlung eingegangen ist, funktioniert alles wie zuvor. Ohne sie endet Ihr Zugang.',
      ],
    },
    service_ended: {
      subject: '<%= it.brand %>: Ihr Zugang ist beendet',
      title: 'Ihr Zugang ist beendet',
      paragraphs: [
        'Wir konnten <%= it.amount %> für <%= it.what %> nicht einziehen. Deshalb ist Ihr Zugang beendet.',
        'Wenn Sie weitermachen möchten, melden Sie sich bitte bei uns.',
      ],
    },
    recovered: {
      subject: '<%= it.brand %>: Ihre Zahlung über <%= it.amount %> ist eingegangen',
      title: 'Ihre Zahlung ist eingegangen',
      paragraphs: [
        'Wir haben <%= it.amount %> für <%= it.what %> erhalten. Vielen Dank.',
        'Für diese Zahlung müssen Sie nichts weiter tun.',
      ],
    },
    refund_made: {
      subject: '<%= it.brand %>: Wir haben <%= it.amount %> erstattet',
      title: 'Ihre Erstattung ist unterwegs',
      paragraphs: [
        'Wir haben <%= it.amount %> für <%= it.what %> auf das Zahlungsmittel erstattet, mit dem Sie bezahlt haben.',
        'Je nach Bank dauert es einige Tage, bis Sie den Betrag sehen.',
      ],
    },
    debit_announced: {
      subject: '<%= it.brand %>: Wir werden <%= it.amount %> einziehen',
      title: 'Ankündigung eines Einzugs',
      paragraphs: [
        'Am <%= it.day %> ziehen wir <%= it.amount %> für <%= it.what %> von <%= it.method %> ein.',
        'Bitte sorgen Sie dafür, dass das Konto bis dahin gedeckt ist.',
      ],
    },
  },
};

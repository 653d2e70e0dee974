import type { Texts } from './texts.js';

export const fr: Texts = {
  greeting: 'Bonjour <%= it.name %>,',
  plainGreeting: 'Bonjour,',
  subscription: 'votre abonnement',
  quotes: ['«\u00a0', '\u00a0»'],
  button: 'Modifier le moyen de paiement',
  orOpen: 'Si le bouton ne fonctionne pas, ouvrez cette adresse\u00a0:',
  footer: 'Vous recevez ce message de <%= it.brand %> car vous y avez un abonnement.',
  notices: {
    renewal_upcoming: {
      subject: '<%= it.brand %>\u00a0: votre abonnement se renouvelle pour <%= it.amount %>',
      title: 'Votre abonnement se renouvelle bientôt',
      paragraphs: [
        'Le <%= it.day %>, une nouvelle période commence pour <%= it.what %>, et nous prélèverons <%= it.amount %> sur votre moyen de paiement.',
        'Vous n’avez rien à faire. Si vous souhaitez changer quelque chose d’ici là, veuillez nous contacter.',
      ],
    },
    payment_failed: {
      subject: '<%= it.brand %>\u00a0: votre paiement de <%= it.amount %> n’a pas abouti',
      title: 'Votre paiement n’a pas abouti',
      paragraphs: [
        'Nous n’avons pas pu encaisser <%= it.amount %> pour <%= it.what %>.',
        'Vous n’avez rien à faire\u00a0: nous réessaierons dans les prochains jours. Si vous préférez payer autrement, indiquez-nous un autre moyen de paiement.',
      ],
    },
    action_needed: {
      subject: '<%= it.brand %>\u00a0: veuillez confirmer votre paiement de <%= it.amount %>',
      title: 'Votre banque vous demande de confirmer un paiement',
      paragraphs: [
        'Votre banque souhaite que vous confirmiez vous-même le paiement de <%= it.amount %> pour <%= it.what %>. D’ici là, nous ne pouvons pas l’encaisser.',
        'Veuillez saisir de nouveau votre moyen de paiement et suivre les étapes demandées par votre banque.',
      ],
    },
    new_method_needed: {
      subject:
        '<%= it.brand %>\u00a0: un autre moyen de paiement est nécessaire pour <%= it.amount %>',
      title: 'Veuillez indiquer un autre moyen de paiement',
      paragraphs: [
        'Nous n’avons pas pu encaisser <%= it.amount %> pour <%= it.what %>, et réessayer de la même manière ne servira à rien.',
        'Veuillez nous indiquer un autre moyen de paiement. Nous l’utiliserons aussitôt pour le montant dû.',
      ],
    },
    service_restricted: {
      subject:
        '<%= it.brand %>\u00a0: votre accès est limité jusqu’au paiement de <%= it.amount %>',
      title: 'Votre accès est limité',
      paragraphs: [
        'Le paiement de <%= it.amount %> pour <%= it.what %> est toujours en attente\u00a0; votre accès est donc limité pour le moment.',
        'Dès réception du paiement, tout fonctionnera comme avant.',
      ],
    },
    service_suspended: {
      subject:
        '<%= it.brand %>\u00a0: votre accès est suspendu jusqu’au paiement de <%= it.amount %>',
      title: 'Votre accès est suspendu',
      paragraphs: [
        'Le paiement de <%= it.amount %> pour <%= it.what %> est toujours en attente\u00a0; votre accès est donc suspendu pour le moment.',
        'Dès réception du paiement, tout fonctionnera comme avant. Sans paiement, votre accès prendra fin.',
      ],
    },
    service_ended: {
      subject: '<%= it.brand %>\u00a0: votre accès a pris fin',
      title: 'Votre accès a pris fin',
      paragraphs: [
        'Nous n’avons pas pu encaisser <%= it.amount %> pour <%= it.what %>\u00a0; votre accès a donc pris fin.',
        'Si vous souhaitez continuer, veuillez nous contacter.',
      ],
    },
    recovered: {
      subject: '<%= it.brand %>\u00a0: votre paiement de <%= it.amount %> est arrivé',
      title: 'Votre paiement est arrivé',
      paragraphs: [
        'Nous avons reçu <%= it.amount %> pour <%= it.what %>. Merci.',
        'Vous n’avez rien d’autre à faire pour ce paiement.',
      ],
    },
    refund_made: {
      subject: '<%= it.brand %>\u00a0: nous avons remboursé <%= it.amount %>',
      title: 'Votre remboursement est en route',
      paragraphs: [
        'Nous avons remboursé <%= it.amount %> pour <%= it.what %> sur le moyen de paiement que vous aviez utilisé.',
        'Selon votre banque, il faut quelques jours pour que le montant apparaisse.',
      ],
    },
    debit_announced: {
      subject: '<%= it.brand %>\u00a0: nous allons prélever <%= it.amount %>',
      title: 'Annonce d’un prélèvement',
      paragraphs: [
        'Le <%= it.day %>, nous prélèverons <%= it.amount %> pour <%= it.what %> sur <%= it.method %>.',
        'Veuillez vous assurer que le compte est suffisamment approvisionné d’ici là.',
      ],
    },
  },
};

import type { Texts } from './texts.js';

export const en: Texts = {
  greeting: 'Hello <%= it.name %>,',
  plainGreeting: 'Hello,',
  subscription: 'your subscription',
  quotes: ['“', '”'],
  button: 'Update payment method',
  orOpen: 'If the button does not work, open this address:',
  footer: 'You receive this message from <%= it.brand %> because you have a subscription there.',
  notices: {
    renewal_upcoming: {
      subject: '<%= it.brand %>: your subscription renews for <%= it.amount %>',
      title: 'Your subscription renews soon',
      paragraphs: [
        'On <%= it.day %> a new period of <%= it.what %> begins, and we will charge <%= it.amount %> to your payment method.',
        'You need not do anything. If you would like to change something before that, please get in touch with us.',
      ],
    },
    payment_failed: {
      subject: '<%= it.brand %>: your payment of <%= it.amount %> did not go through',
      title: 'Your payment did not go through',
      paragraphs: [
        'We could not collect <%= it.amount %> for <%= it.what %>.',
        'You need not do anything: we will try again in the coming days. If you would rather pay in another way, please give us another payment method.',
      ],
    },
    action_needed: {
      subject: '<%= it.brand %>: please confirm your payment of <%= it.amount %>',
      title: 'Your bank asks you to confirm a payment',
      paragraphs: [
        'Your bank wants you to confirm the payment of <%= it.amount %> for <%= it.what %> yourself. Until then we cannot collect it.',
        'Please enter your payment method once more and follow the steps that your bank asks for.',
      ],
    },
    new_method_needed: {
      subject: '<%= it.brand %>: we need another payment method for <%= it.amount %>',
      title: 'Please give us another payment method',
      paragraphs: [
        'We could not collect <%= it.amount %> for <%= it.what %>, and trying again in the same way will not help.',
        'Please give us another payment method. We will use it for the open amount at once.',
      ],
    },
    service_restricted: {
      subject: '<%= it.brand %>: your service is restricted until <%= it.amount %> is paid',
      title: 'Your service is restricted',
      paragraphs: [
        'The payment of <%= it.amount %> for <%= it.what %> is still open, and so your service is restricted for now.',
        'As soon as the payment has arrived, everything works as before.',
      ],
    },
    service_suspended: {
      subject: '<%= it.brand %>: your service is suspended until <%= it.amount %> is paid',
      title: 'Your service is suspended',
      paragraphs: [
        'The payment of <%= it.amount %> for <%= it.what %> is still open, and so your service is suspended for now.',
        'As soon as the payment has arrived, everything works as before. Without it, your service will end.',
      ],
    },
    service_ended: {
      subject: '<%= it.brand %>: your service has ended',
      title: 'Your service has ended',
      paragraphs: [
        'We could not collect <%= it.amount %> for <%= it.what %>, and so your service has ended.',
        'If you would like to continue, please get in touch with us.',
      ],
    },
    recovered: {
      subject: '<%= it.brand %>: your payment of <%= it.amount %> has arrived',
      title: 'Your payment has arrived',
      paragraphs: [
        'We have received <%= it.amount %> for <%= it.what %>. Thank you.',
        'Nothing else is needed for this payment.',
      ],
    },
    refund_made: {
      subject: '<%= it.brand %>: we have refunded <%= it.amount %>',
      title: 'Your refund is on its way',
      paragraphs: [
        'We have refunded <%= it.amount %> for <%= it.what %> to the payment method that you paid with.',
        'Depending on your bank, it takes a few days until you see it.',
      ],
    },
    debit_announced: {
      subject: '<%= it.brand %>: we will debit <%= it.amount %>',
      title: 'Announcement of a debit',
      paragraphs: [
        'On <%= it.day %> we will debit <%= it.amount %> for <%= it.what %> from <%= it.method %>.',
        'Please make sure that the account has enough funds by then.',
      ],
    },
  },
};

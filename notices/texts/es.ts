import type { Texts } from './texts.js';

export const es: Texts = {
  greeting: 'Hola, <%= it.name %>:',
  plainGreeting: 'Hola:',
  subscription: 'su suscripción',
  quotes: ['«', '»'],
  button: 'Cambiar el método de pago',
  orOpen: 'Si el botón no funciona, abra esta dirección:',
  footer: 'Recibe este mensaje de <%= it.brand %> porque tiene allí una suscripción.',
  notices: {
    renewal_upcoming: {
      subject: '<%= it.brand %>: su suscripción se renueva por <%= it.amount %>',
      title: 'Su suscripción se renueva pronto',
      paragraphs: [
        'El <%= it.day %> empieza un nuevo período de <%= it.what %> y cobraremos <%= it.amount %> con su método de pago.',
        'No tiene que hacer nada. Si desea cambiar algo antes, póngase en contacto con nosotros.',
      ],
    },
    payment_failed: {
      subject: '<%= it.brand %>: su pago de <%= it.amount %> no se ha completado',
      title: 'Su pago no se ha completado',
      paragraphs: [
        'No hemos podido cobrar <%= it.amount %> por <%= it.what %>.',
        'No tiene que hacer nada: lo intentaremos de nuevo en los próximos días. Si prefiere pagar de otra manera, indíquenos otro método de pago.',
      ],
    },
    action_needed: {
      subject: '<%= it.brand %>: confirme su pago de <%= it.amount %>',
      title: 'Su banco le pide que confirme un pago',
      paragraphs: [
        'Su banco quiere que usted mismo confirme el pago de <%= it.amount %> por <%= it.what %>. Hasta entonces no podemos cobrarlo.',
        'Introduzca de nuevo su método de pago y siga los pasos que le pida su banco.',
      ],
    },
    new_method_needed: {
      subject: '<%= it.brand %>: necesitamos otro método de pago para <%= it.amount %>',
      title: 'Indíquenos otro método de pago',
      paragraphs: [
        'No hemos podido cobrar <%= it.amount %> por <%= it.what %>, y volver a intentarlo del mismo modo no servirá.',
        'Indíquenos otro método de pago. Lo usaremos enseguida para el importe pendiente.',
      ],
    },
    service_restricted: {
      subject: '<%= it.brand %>: su acceso está limitado hasta que se paguen <%= it.amount %>',
      title: 'Su acceso está limitado',
      paragraphs: [
        'El pago de <%= it.amount %> por <%= it.what %> sigue pendiente, por lo que su acceso está limitado por ahora.',
        'En cuanto llegue el pago, todo funcionará como antes.',
      ],
    },
    service_suspended: {
      subject: '<%= it.brand %>: su acceso está suspendido hasta que se paguen <%= it.amount %>',
      title: 'Su acceso está suspendido',
      paragraphs: [
        'El pago de <%= it.amount %> por <%= it.what %> sigue pendiente, por lo que su acceso está suspendido por ahora.',
        'En cuanto llegue el pago, todo funcionará como antes. Sin él, su acceso terminará.',
      ],
    },
    service_ended: {
      subject: '<%= it.brand %>: su acceso ha terminado',
      title: 'Su acceso ha terminado',
      paragraphs: [
        'No hemos podido cobrar <%= it.amount %> por <%= it.what %>, por lo que su acceso ha terminado.',
        'Si desea continuar, póngase en contacto con nosotros.',
      ],
    },
    recovered: {
      subject: '<%= it.brand %>: su pago de <%= it.amount %> ha llegado',
      title: 'Su pago ha llegado',
      paragraphs: [
        'Hemos recibido <%= it.amount %> por <%= it.what %>. Gracias.',
        'No tiene que hacer nada más por este pago.',
      ],
    },
    refund_made: {
      subject: '<%= it.brand %>: hemos reembolsado <%= it.amount %>',
      title: 'Su reembolso está en camino',
      paragraphs: [
        'Hemos reembolsado <%= it.amount %> por <%= it.what %> en el método de pago que utilizó.',
        'Según su banco, tardará unos días en verlo.',
      ],
    },
    debit_announced: {
      subject: '<%= it.brand %>: vamos a cobrar <%= it.amount %>',
      title: 'Aviso de un adeudo',
      paragraphs: [
        'El <%= it.day %> cobraremos <%= it.amount %> por <%= it.what %> de <%= it.method %>.',
        'Asegúrese de que la cuenta tenga fondos suficientes para entonces.',
      ],
    },
  },
};

/** The post: takes a letter to its customer, and says whether it was taken on. */

export interface Letter {
  readonly from: { readonly name: string; readonly address: string };
  readonly replyTo: string | undefined;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly date: Date;
}

export type Posted =
  | { readonly kind: 'accepted' }
  /** Proof that this attempt reached nobody. `final`: the address itself was refused. */
  | { readonly kind: 'refused'; readonly why: string; readonly final: boolean }
  /** The letter was handed over and nothing was heard: the customer may have it. */
  | { readonly kind: 'unheard'; readonly why: string };

export interface Post {
  /** Whether letters need not wait for the morning, because nobody is woken by them. */
  readonly atAnyHour: boolean;
  /** Sends once and never by itself again. `why` names no address and no content. */
  send(letter: Letter): Promise<Posted>;
}

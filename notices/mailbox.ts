/** The mailbox: where letters go in development, to be read at /dev/mail. It forgets them when the process ends. */
import type { Letter, Post } from './post.js';

export interface Mailbox extends Post {
  /** Newest first. */
  list(): readonly Letter[];
  find(messageId: string): Letter | undefined;
}

const MOST = 200;

export function openMailbox(): Mailbox {
  const letters: Letter[] = [];
  return {
    atAnyHour: true,
    send(letter) {
      letters.unshift(letter);
      letters.length = Math.min(letters.length, MOST);
      return Promise.resolve({ kind: 'accepted' });
    },
    list: () => letters,
    find: (messageId) => letters.find((letter) => letter.messageId === messageId),
  };
}

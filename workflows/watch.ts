/** Watching something at a gateway: a wait ends at its time, or when somebody says that it has changed. */
import { CancellationScope, condition, setHandler } from '@temporalio/workflow';

import { wake } from './messages.js';

export class Watch {
  private news = false;

  hear(): void {
    this.news = true;
  }

  /** Whether something was heard that no look has followed yet: a run that ends now would miss it. */
  get hasNews(): boolean {
    return this.news;
  }

  /** What was heard before a look is answered by it. */
  look<R>(step: () => Promise<R>): Promise<R> {
    this.news = false;
    return step();
  }

  /** Waits until then (epoch milliseconds), or for news. Ends at once if there are some. */
  async until(at: number, summary: string): Promise<void> {
    await condition(() => this.news, Math.max(1, at - Date.now()), { summary });
  }
}

/**
 * Tells a story that watches. The handler is set before its first await, because a webhook can overtake the gateway's
 * own reply; a cancellation from the Temporal UI changes nothing at a gateway, so it changes nothing here.
 */
export function watching<R>(story: (watch: Watch) => Promise<R>): Promise<R> {
  const watch = new Watch();
  setHandler(wake, () => watch.hear(), {
    description: 'Look again now: something this run waits for has changed',
  });
  return CancellationScope.nonCancellable(() => story(watch));
}

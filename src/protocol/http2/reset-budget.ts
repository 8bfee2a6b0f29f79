/** How many streams a client may open and reset: each makes work here and at the target, and costs the client nothing. */
import { violation } from './frame.ts';
import { resetBurst, resetsPerSecond } from './limits.ts';

export class ResetBudget {
  #left = resetBurst;
  #sinceMs: number;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** @throws {HTTP_PROTOCOL} ENHANCE_YOUR_CALM when it is used up */
  take(nowMs: number): void {
    this.#left = Math.min(resetBurst, this.#left + ((nowMs - this.#sinceMs) / 1000) * resetsPerSecond);
    this.#sinceMs = nowMs;
    this.#left -= 1;
    if (this.#left < 0) violation('ENHANCE_YOUR_CALM', 'streams are reset too fast');
  }
}

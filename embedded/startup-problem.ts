/** Why something cannot start, in one sentence that names the cure. Shown to the operator without a stack. */
export class StartupProblem extends Error {
  override readonly name = 'StartupProblem';
}

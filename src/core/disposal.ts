/**
 * Undo actions in reverse order of their registration (`AsyncDisposableStack` is missing on Node 20).
 * Every action runs, also when an earlier one failed.
 */
export interface DisposalStack extends AsyncDisposable {
  /** Registers `undo`. After disposal it is called at once. */
  defer(undo: () => void | Promise<void>): void;
  /** Registers a disposable and returns it. */
  use<T extends AsyncDisposable>(resource: T): T;
  /** Runs all undo actions, last first. Idempotent: later calls wait for the first. @throws AggregateError */
  dispose(): Promise<void>;
  /** Hands every registered action over to the stack that is returned; this one is empty afterwards. */
  move(): DisposalStack;
}

type Undo = () => void | Promise<void>;

export function createDisposalStack(initial: Undo[] = []): DisposalStack {
  let undos = initial;
  let disposing: Promise<void> | undefined;

  async function runAll(): Promise<void> {
    const errors: unknown[] = [];
    for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'Disposal failed');
  }

  const stack: DisposalStack = {
    defer(undo: Undo): void {
      undos.push(undo);
      if (disposing !== undefined) disposing = disposing.then(runAll);
    },
    use<T extends AsyncDisposable>(resource: T): T {
      stack.defer(async () => {
        await resource[Symbol.asyncDispose]();
      });
      return resource;
    },
    dispose(): Promise<void> {
      disposing ??= runAll();
      return disposing;
    },
    move(): DisposalStack {
      const moved = undos;
      undos = [];
      return createDisposalStack(moved);
    },
    [Symbol.asyncDispose]: (): Promise<void> => stack.dispose(),
  };
  return stack;
}

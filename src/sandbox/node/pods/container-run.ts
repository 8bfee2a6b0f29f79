/** One run of a container: its process, its output, those who are attached to it. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../core/index.ts';
import type { V1Container } from '../../../kube/index.ts';
import { ContainerLog } from '../containers/container-log.ts';
import { startContainer, type ContainerProcess, type Exit } from '../containers/container-process.ts';
import type { ProcessStreams } from '../kubelet-api.ts';
import { MAX_LOG_MESSAGE_BYTES, MAX_LOG_MESSAGE_LINES, MAX_TERMINATION_MESSAGE_BYTES } from '../limits.ts';
import type { Launch } from './launch.ts';

export class ContainerRun {
  readonly id: string = `sandbox://${randomBytes(32).toString('hex')}`;
  readonly log: ContainerLog;
  readonly startedAtMs: number;
  readonly process: ContainerProcess;
  readonly launch: Launch;
  /** When it has ended and its output has been read. */
  readonly ended: Promise<Exit>;
  readonly #attached: { stdout: Set<Writable>; stderr: Set<Writable> } = {
    stdout: new Set(),
    stderr: new Set(),
  };

  /** Resolves when the program runs. @throws {StartError} */
  static async start(launch: Launch, clock: Clock): Promise<ContainerRun> {
    return new ContainerRun(launch, await startContainer(launch.options), clock);
  }

  private constructor(launch: Launch, process: ContainerProcess, clock: Clock) {
    this.launch = launch;
    this.process = process;
    this.startedAtMs = clock.epochMs();
    this.log = new ContainerLog(clock);
    const streamsEnded = Promise.all([
      this.#collect(process.stdout, this.#attached.stdout),
      this.#collect(process.stderr, this.#attached.stderr),
    ]);
    this.ended = process.exited.then(async (exit) => {
      // In a shared process namespace others may hold the streams open.
      const timeout = new Promise((resolve) => clock.after(STREAMS_GRACE_MS, () => resolve(undefined)));
      await Promise.race([streamsEnded, timeout]);
      this.log.end();
      for (const writable of [...this.#attached.stdout, ...this.#attached.stderr]) writable.end();
      return exit;
    });
  }

  /** Joins the streams until the run has ended or the signal aborts. */
  async attach(
    streams: ProcessStreams,
    signal: AbortSignal,
    { isStdinOnce = false }: { isStdinOnce?: boolean } = {},
  ): Promise<void> {
    const { stdout, stderr } = this.#attached;
    if (streams.stdout !== undefined) stdout.add(streams.stdout);
    if (streams.stderr !== undefined) stderr.add(streams.stderr);
    const { stdin } = this.process;
    if (stdin !== undefined && streams.stdin !== undefined) streams.stdin.pipe(stdin, { end: isStdinOnce });
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.ended, aborted]);
    if (streams.stdout !== undefined) stdout.delete(streams.stdout);
    if (streams.stderr !== undefined) stderr.delete(streams.stderr);
    if (stdin !== undefined) streams.stdin?.unpipe(stdin);
    if (isStdinOnce) stdin?.end();
  }

  /** What the container left as its last words; see `terminationMessagePolicy`. */
  async terminationMessage({ terminationMessagePolicy }: V1Container, { exitCode }: Exit): Promise<string> {
    const written = await readFile(this.launch.terminationLog).catch(() => Buffer.alloc(0));
    const message = written.subarray(0, MAX_TERMINATION_MESSAGE_BYTES).toString('utf8');
    if (message !== '' || terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0)
      return message;
    return this.log.tail(MAX_LOG_MESSAGE_LINES, MAX_LOG_MESSAGE_BYTES);
  }

  async #collect(source: Readable, attached: ReadonlySet<Writable>): Promise<void> {
    const log = this.log.createStream();
    source.on('data', (chunk: Buffer) => {
      log.write(chunk);
      for (const writable of attached)
        if (!writable.destroyed && !writable.write(chunk)) pauseFor(source, writable);
    });
    await new Promise((resolve) => source.once('close', resolve));
    log.end();
  }
}

/** How long output is awaited after the end, in milliseconds. */
const STREAMS_GRACE_MS = 1000;

/** Whoever watches slowly slows the container, as with any terminal; whoever goes away does not. */
function pauseFor(source: Readable, writable: Writable): void {
  source.pause();
  const resume = (): void => {
    writable.off('drain', resume).off('close', resume);
    source.resume();
  };
  writable.on('drain', resume).on('close', resume);
}

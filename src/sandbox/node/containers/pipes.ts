/**
 * Real pipes for a process's input and output. Node's own are socket pairs, which cannot be opened again through
 * `/dev/stdout` or `/proc/1/fd/1`, and programs in containers do just that with their logs.
 */
import { randomBytes } from 'node:crypto';
import { constants, open as openFile } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

export interface ProcessPipes {
  /** For the child; closed by {@link release}. */
  childDescriptors: { stdin: number | 'ignore'; stdout: number; stderr: number };
  /** To write to; missing without input. */
  stdin?: Socket;
  stdout: Socket;
  stderr: Socket;
  /** To be called when the child has been started or could not be: the child's ends are its own then. */
  release(): Promise<void>;
}

/** The names of the pipes are in `folder` for a moment. */
export async function createPipes(folder: string, hasInput: boolean): Promise<ProcessPipes> {
  const names = ['stdout', 'stderr', ...(hasInput ? ['stdin'] : [])];
  const prefix = join(folder, randomBytes(6).toString('hex'));
  const paths = names.map((name) => `${prefix}-${name}`);
  await runCommand('mkfifo', ['-m', '666', ...paths]);
  const [stdoutPath = '', stderrPath = '', stdinPath] = paths;
  const childEnds: FileHandle[] = [];
  const output = async (path: string): Promise<{ socket: Socket; fd: number }> => {
    // The reader first: a writer that finds none waits for it.
    const reader = await openDescriptor(path, O_RDONLY | O_NONBLOCK);
    const writer = await open(path, O_WRONLY);
    childEnds.push(writer);
    return { socket: new Socket({ fd: reader, readable: true, writable: false }), fd: writer.fd };
  };
  const input = async (path: string): Promise<{ socket: Socket; fd: number }> => {
    const both = await open(path, O_RDWR | O_NONBLOCK);
    // The child's end must block, and opening it so needs a writer.
    const reader = await open(path, O_RDONLY);
    childEnds.push(reader);
    const writer = await openDescriptor(path, O_WRONLY | O_NONBLOCK);
    await both.close();
    return { socket: new Socket({ fd: writer, readable: false, writable: true }), fd: reader.fd };
  };
  const stdout = await output(stdoutPath);
  const stderr = await output(stderrPath);
  const stdin = stdinPath === undefined ? undefined : await input(stdinPath);
  await Promise.all(paths.map((path) => unlink(path)));
  return {
    childDescriptors: { stdin: stdin?.fd ?? 'ignore', stdout: stdout.fd, stderr: stderr.fd },
    ...(stdin === undefined ? {} : { stdin: stdin.socket }),
    stdout: stdout.socket,
    stderr: stderr.socket,
    release: async (): Promise<void> => {
      await Promise.all(childEnds.map((end) => end.close()));
    },
  };
}

/** A bare descriptor, which the socket owns: a FileHandle would close it when it is collected. */
function openDescriptor(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    openFile(path, flags, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)));
  });
}

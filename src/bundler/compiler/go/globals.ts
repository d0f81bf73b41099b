import type { VirtualFs } from "../VirtualFs.ts"

/** A callback of Node's `fs`, as Go passes it. */
export type Reply = (error: unknown, result?: unknown) => void

/** The input, output and files of a program. */
export interface Devices {
  /** Reads standard input into the buffer, and replies when there is some input. */
  readonly read: (buffer: Uint8Array, reply: Reply) => void
  readonly write: (fd: number, bytes: Uint8Array) => void
  /** Returns the files. It is a function, because they change with every build. */
  readonly files: () => VirtualFs
}

const CONSTANTS = { O_WRONLY: -1, O_RDWR: -1, O_CREAT: -1, O_TRUNC: -1, O_APPEND: -1, O_EXCL: -1, O_DIRECTORY: -1 }

/** Makes the globals of JavaScript that a Go program uses, and names those that are the same in every host. */
export const makeGlobals = ({ read, write, files }: Devices) => {
  const fs = {
    constants: CONSTANTS,
    write: (fd: number, bytes: Uint8Array, _offset: number, length: number, _position: unknown, reply: Reply) => {
      write(fd, bytes)
      reply(null, length)
    },
    read: (fd: number, buffer: Uint8Array, offset: number, length: number, position: unknown, reply: Reply) =>
      fd === 0 ? read(buffer, reply) : files().read(fd, buffer, offset, length, position, reply),
    open: (path: string, flags: unknown, mode: unknown, reply: Reply) => files().open(path, flags, mode, reply),
    stat: (path: string, reply: Reply) => files().stat(path, reply),
    lstat: (path: string, reply: Reply) => files().lstat(path, reply),
    fstat: (fd: number, reply: Reply) => files().fstat(fd, reply),
    close: (fd: number, reply: Reply) => files().close(fd, reply),
    readdir: (path: string, reply: Reply) => files().readdir(path, reply),
    readlink: (path: string, reply: Reply) => files().readlink(path, reply)
  }
  const process = { pid: -1, ppid: -1 }
  const path = { resolve: (path: string) => path }
  const global = { Array, Object, Uint8Array, fs, process, path }
  return { global, known: [fs, process, path, CONSTANTS, Array, Object, Uint8Array] }
}

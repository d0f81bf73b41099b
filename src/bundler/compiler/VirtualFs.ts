import { base64Length, fromBase64 } from "../files/base64.ts"
import { utf8Length } from "../limits.ts"

/** The folder of the project. It is not the root, so that paths out of the project lead nowhere. */
export const ROOT = "/project"

type Reply = (error: unknown, result?: unknown) => void

/** A folder's entries, a file's text or its bytes, or the target of a link (an absolute path). */
type Node =
  | { readonly kind: "folder"; readonly names: Array<string> }
  | { readonly kind: "file"; readonly text: string }
  | { readonly kind: "binary"; readonly base64: string }
  | { readonly kind: "link"; readonly target: string }

const TYPES = { folder: 0o040_755, file: 0o100_644, binary: 0o100_644, link: 0o120_777 }

/** An open file: its bytes, and the position of the next read. */
interface Open {
  readonly node: Node
  readonly bytes: Uint8Array
  position: number
}

const encoder = new TextEncoder()

const bytesOf = (node: Node): Uint8Array =>
  node.kind === "file" ? encoder.encode(node.text) : node.kind === "binary" ? fromBase64(node.base64) : new Uint8Array()

const sizeOf = (node: Node): number =>
  node.kind === "file" ? utf8Length(node.text) : node.kind === "binary" ? base64Length(node.base64) : 0

const error = (code: string): Error => Object.assign(new Error(code), { code })

/**
 * The project's files as a file system in memory, with the part of Node's `fs` that a Go program uses. It is read-only, has
 * no other files, and answers at once. So the compiler itself resolves imports and finds its settings, as it does on a disk.
 */
export class VirtualFs {
  readonly #nodes = new Map<string, Node>([["", { kind: "folder", names: [] }]])
  readonly #open = new Map<number, Open>()
  #next = 10

  /**
   * @param files texts by path, relative to the project's root.
   * @param links the links' targets by the links' paths, both relative to the project's root.
   * @param binaries files that are no text, in base64.
   */
  constructor(
    files: ReadonlyMap<string, string>,
    links: ReadonlyMap<string, string> = new Map(),
    binaries: ReadonlyMap<string, string> = new Map()
  ) {
    this.#add(ROOT, { kind: "folder", names: [] })
    for (const [path, text] of files) this.#add(`${ROOT}/${path}`, { kind: "file", text })
    for (const [path, base64] of binaries) this.#add(`${ROOT}/${path}`, { kind: "binary", base64 })
    for (const [path, target] of links) this.#add(`${ROOT}/${path}`, { kind: "link", target: `${ROOT}/${target}` })
  }

  /** Adds a node. A path that is a file and a folder at once (`a` beside `a/b`) stays the kind that was added first. */
  #add(path: string, node: Node): void {
    if (this.#nodes.has(path)) return
    const end = path.lastIndexOf("/")
    const folder = path.slice(0, end)
    if (!this.#nodes.has(folder)) this.#add(folder, { kind: "folder", names: [] })
    const parent = this.#nodes.get(folder)
    if (parent?.kind !== "folder") return
    parent.names.push(path.slice(end + 1))
    this.#nodes.set(path, node)
  }

  /**
   * Finds the node at an absolute path, and follows links on the way. `follow` says whether it also follows a link at the end.
   */
  #find(path: string, follow: boolean, depth = 0): Node | undefined {
    let length = path.length
    while (path[length - 1] === "/") length--
    const plain = path.slice(0, length)
    const found = this.#nodes.get(plain)
    if (found !== undefined && (found.kind !== "link" || !follow)) return found
    if (depth > 8) return undefined
    if (found?.kind === "link") return this.#find(found.target, follow, depth + 1)
    for (let end = plain.lastIndexOf("/"); end > 0; end = plain.lastIndexOf("/", end - 1)) {
      const above = this.#nodes.get(plain.slice(0, end))
      if (above?.kind === "link") return this.#find(above.target + plain.slice(end), follow, depth + 1)
      if (above !== undefined) return undefined
    }
    return undefined
  }

  #stat(node: Node) {
    const size = sizeOf(node)
    const times = { atimeMs: 0, mtimeMs: 0, ctimeMs: 0 }
    const owner = { dev: 1, ino: 1, nlink: 1, uid: 0, gid: 0, rdev: 0 }
    return {
      ...owner,
      ...times,
      mode: TYPES[node.kind],
      size,
      blksize: 4096,
      blocks: 1,
      isDirectory: () => node.kind === "folder"
    }
  }

  /** Returns a file's text; `undefined` if there is no file. */
  textAt(path: string): string | undefined {
    const node = this.#find(path, true)
    return node?.kind === "file" ? node.text : undefined
  }

  readonly open = (path: string, _flags: unknown, _mode: unknown, reply: Reply): void => {
    const node = this.#find(path, true)
    if (node === undefined) return reply(error("ENOENT"))
    const fd = this.#next++
    const bytes = bytesOf(node)
    this.#open.set(fd, { node, bytes, position: 0 })
    reply(null, fd)
  }

  readonly fstat = (fd: number, reply: Reply): void => {
    const file = this.#open.get(fd)
    if (file === undefined) reply(error("EBADF"))
    else reply(null, this.#stat(file.node))
  }

  readonly stat = (path: string, reply: Reply): void => this.#answer(this.#find(path, true), reply)

  readonly lstat = (path: string, reply: Reply): void => this.#answer(this.#find(path, false), reply)

  #answer(node: Node | undefined, reply: Reply): void {
    if (node === undefined) reply(error("ENOENT"))
    else reply(null, this.#stat(node))
  }

  readonly readlink = (path: string, reply: Reply): void => {
    const node = this.#find(path, false)
    if (node?.kind === "link") reply(null, node.target)
    else reply(error(node === undefined ? "ENOENT" : "EINVAL"))
  }

  readonly readdir = (path: string, reply: Reply): void => {
    const node = this.#find(path, true)
    if (node?.kind === "folder") reply(null, node.names)
    else reply(error(node === undefined ? "ENOENT" : "ENOTDIR"))
  }

  readonly read = (fd: number, buffer: Uint8Array, offset: number, length: number, at: unknown, reply: Reply): void => {
    const file = this.#open.get(fd)
    if (file === undefined) return reply(error("EBADF"))
    if (file.node.kind === "folder") return reply(error("EISDIR"))
    const start = typeof at === "number" ? at : file.position
    const bytes = file.bytes.subarray(start, start + length)
    buffer.set(bytes, offset)
    if (typeof at !== "number") file.position += bytes.length
    reply(null, bytes.length)
  }

  readonly close = (fd: number, reply: Reply): void => {
    this.#open.delete(fd)
    reply(null)
  }
}

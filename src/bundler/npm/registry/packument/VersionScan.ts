import { HeldDescription } from "./HeldDescription.ts"
import { HeldText } from "./HeldText.ts"

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The most versions of a package; the largest that was measured has some thousand. */
const MAX_VERSIONS = 50_000

/** The lengths of `name`, `versions` and `deprecated`. */
const WANTED = new Set([4, 8, 10])

/**
 * The versions in a packument (all that a registry knows of a package), read chunk by chunk. Packuments have up to 20 MB, and
 * an object made of one takes several times that. Only the package's name, the keys of `versions`, which of these are deprecated
 * and one description are held.
 */
export class VersionScan {
  readonly versions: Array<string> = []
  readonly deprecated = new Set<string>()
  /** The package that the packument is of. */
  name: string | undefined
  bytes = 0
  #depth = 0
  #inString = false
  #escaped = false
  /** Whether the next string is a key, if it is in an object. */
  #isKey = false
  #hasVersions = false
  /** The last key of the packument, and of the version that is read. */
  #section = ""
  #field = ""
  /** The string that is read, if it is held. */
  readonly #string = new HeldText()
  #isHeld = false
  #holdsKey = false
  readonly #wants: (version: string) => boolean
  /** Whether the description that follows is held. */
  #isWanted = false
  readonly #description = new HeldDescription()
  /** The last version that was wanted. */
  described = ""

  /** @param wants whether to hold the description of a version, in place of the one that is held. */
  constructor(wants: (version: string) => boolean = () => false) {
    this.#wants = wants
  }

  /** The description of `described`, as JSON; "" without one, or if it is too long. */
  get description(): string {
    return this.#description.text
  }

  /** Whether a whole packument was read. */
  get isComplete(): boolean {
    return this.#hasVersions && this.#depth === 0 && !this.#inString
  }

  /** @throws {Error} if there are too many versions. */
  write(chunk: Uint8Array): void {
    this.bytes += chunk.length
    this.#description.next()
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] ?? 0
      if (this.#inString && !this.#isHeld) {
        // Most bytes are in strings that nobody needs: `indexOf` finds their ends fastest.
        index = this.#skip(chunk, index)
      } else if (this.#inString) this.#hold(byte)
      else if (byte === QUOTE) this.#open()
      else if (byte === 0x7b || byte === 0x5b) {
        this.#depth += 1
        this.#isKey = byte === 0x7b
        if (this.#isWanted && this.#depth === 3) this.#description.begin(index)
        this.#isWanted = false
      } else if (byte === 0x7d || byte === 0x5d) {
        this.#depth -= 1
        if (this.#depth === 2) this.#description.keep(chunk, index + 1)
      }
      // In an array this is wrong, but there are no arrays where keys are held.
      else if (byte === 0x2c) this.#isKey = true
    }
    this.#description.keep(chunk)
  }

  #skip(chunk: Uint8Array, index: number): number {
    const start = this.#escaped ? index + 1 : index
    const quote = chunk.indexOf(QUOTE, start)
    const end = quote < 0 ? chunk.length : quote
    let slash = end - 1
    while (slash >= start && chunk[slash] === BACKSLASH) slash -= 1
    const isEscape = (end - 1 - slash) % 2 === 1
    this.#escaped = quote < 0 && isEscape
    if (quote >= 0 && !isEscape) this.#inString = false
    return end
  }

  #open(): void {
    const inVersions = this.#section === "versions"
    this.#inString = true
    this.#holdsKey = this.#isKey
    this.#isHeld = this.#isKey
      ? this.#depth === 1 || (inVersions && (this.#depth === 2 || this.#depth === 3))
      : (this.#depth === 1 && this.#section === "name") ||
        (this.#depth === 3 && inVersions && this.#field === "deprecated")
    this.#string.clear()
    this.#isKey = false
  }

  #hold(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) {
      this.#inString = false
      this.#isHeld = false
      this.#take(this.#text())
      return
    }
    this.#string.add(byte)
  }

  /**
   * The string that was held, `undefined` if it is too long; "" for a key of a length that none of the wanted keys has, because
   * most keys are unwanted.
   */
  #text(): string | undefined {
    const isUnwanted = this.#holdsKey && this.#depth !== 2 && !WANTED.has(this.#string.length)
    return isUnwanted ? "" : this.#string.text
  }

  /** @param text `undefined` if it is too long. */
  #take(text: string | undefined): void {
    if (!this.#holdsKey) {
      if (this.#depth === 1) this.name = text
      else if (text !== "") this.deprecated.add(this.versions.at(-1) ?? "")
    } else if (this.#depth === 1) {
      this.#section = text ?? ""
      this.#hasVersions ||= text === "versions"
    } else if (this.#depth === 3) this.#field = text ?? ""
    else if (text !== undefined) {
      if (this.versions.length >= MAX_VERSIONS) throw new Error("it has too many versions")
      this.versions.push(text)
      this.#field = ""
      this.#isWanted = this.#wants(text)
      if (!this.#isWanted) return
      this.#description.clear()
      this.described = text
    }
  }
}

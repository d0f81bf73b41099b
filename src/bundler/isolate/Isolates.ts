import type { Bundle } from "../bundle.ts"
import { BundlerBusyError } from "../compiler/pool/leased-slots.ts"
import type { WaitUntil } from "../compiler/pool/Pool.ts"
import { Leases } from "../leases.ts"
import { PACKAGE_LIMITS } from "../npm/limits.ts"
import { notInTime } from "../npm/report/crashes.ts"
import { PROVIDED_VERSION, providedSources } from "../resolve/provided.ts"
import { endOf, untilAborted } from "./calls.ts"
import type { IsolateCode, IsolateLoader, IsolateStub } from "./loader.ts"
import { type BuildAnswer, type BuildRequest, decodeError, type Deliver, type Outbound } from "./messages.ts"
import { openOutbound, type Reach } from "./outbound.ts"

/** The means to start isolates. */
export interface IsolateOptions {
  /** The Worker Loader. */
  readonly loader: IsolateLoader
  /** `program` of `generated/isolate.js`. */
  readonly program: () => string
}

/** A build without the hosts and the time that it has. */
type Sent = Omit<BuildRequest, "importHosts" | "packages">

/** A place for one isolate at a time. */
interface Place {
  readonly number: number
  /** The isolates that this place has had before. */
  generation: number
  /** The builds that its isolate has begun. */
  builds: number
}

/** Isolates that build at the same time. */
const MAX_ISOLATES = 6

/** Builds of one isolate. */
const MAX_BUILDS = 1000

/** Milliseconds that an isolate has beyond the time of its build, which it observes itself. */
const GRACE_MS = 500

/** UTF-16 units of paths and contents that are sent to an isolate: a call carries 32 MiB, and assets come back in the answer. */
const MAX_SENT = 8 << 20

/**
 * Runs builds with packages in isolates of their own: Workers that the Worker Loader starts and that contain this bundler.
 *
 * - The gateway's isolate reads a project and compiles it if it needs no packages (`index.ts`). The others come here.
 * - `main.ts` is the program of an isolate; `build/isolate.mjs` makes one text of it. The wasm and hono go beside the text.
 * - Data flow one way: a `BuildRequest` in, a `BuildAnswer` out; both are plain data (`messages.ts`).
 * - An isolate has no network and no bindings. It calls functions of the gateway that check each call (`outbound.ts`).
 * - The limits of `PACKAGE_LIMITS` hold inside, because the same code runs there. This class ends builds that observe none.
 * - An isolate has one build at a time, so its crash hurts no other. The first free place has the next build: with builds one
 *   after the other there is one isolate. Beyond `MAX_ISOLATES` a build is turned away, so none waits for another.
 * - An isolate is used again, until it fails or has had `MAX_BUILDS`. Each build has a compiler of its own there. A new isolate
 *   for each build takes 60 to 120 ms more, and V8 drops the compiled wasm whenever an isolate ends: in workerd 240 builds then
 *   took 1 GB that was never free again. The platform ends isolates that nobody uses; workerd keeps them.
 * - An isolate that does not start is no failure: the build runs in the gateway's isolate, as without a loader.
 */
export class Isolates {
  readonly #wasm: WebAssembly.Module
  readonly #options: IsolateOptions
  readonly #places: ReadonlyArray<Place> = Array.from({ length: MAX_ISOLATES }, (_, number) => ({
    number,
    generation: 0,
    builds: 0
  }))
  readonly #taken = new Leases<Place>()
  /** Begins the names of the isolates: other instances of the gateway have others. It is made by the first build. */
  #id: string | undefined

  constructor(wasm: WebAssembly.Module, options: IsolateOptions) {
    this.#wasm = wasm
    this.#options = options
  }

  /**
   * Builds a project.
   *
   * @param deadline in milliseconds since 1970.
   * @param waitUntil lets packages that arrive late be kept for a repeat.
   * @returns `undefined` if the loader starts no isolate, or the project is too large to be sent.
   * @throws {PackageRefused} if the isolate needs too much memory.
   * @throws the errors of `Bundler.bundle`.
   */
  async build(request: Sent, reach: Reach, deadline: number, waitUntil?: WaitUntil): Promise<Bundle | undefined> {
    if (sizeOf(request.files) > MAX_SENT) return undefined
    const timeMs = deadline - Date.now()
    const build = Symbol("build")
    const place = this.#take(build, deadline + PACKAGE_LIMITS.lingerMs + GRACE_MS)
    const over = new AbortController()
    const endAfter = (ms: number) => setTimeout(() => over.abort(notInTime(undefined)), ms + GRACE_MS)
    let timer = endAfter(timeMs)
    const early = Promise.withResolvers<Partial<BuildAnswer>>()
    const deliver = async (answer: BuildAnswer) => {
      clearTimeout(timer)
      timer = endAfter(PACKAGE_LIMITS.lingerMs)
      early.resolve(Object(answer) as Partial<BuildAnswer>)
    }
    const packages = { registry: reach.registry, timeMs }
    const sent = { ...request, importHosts: [...reach.hosts], packages }
    const last = this.#ask(place, sent, openOutbound(reach, over.signal), deliver, over.signal).finally(() => {
      clearTimeout(timer)
      over.abort(new Error("The build has ended"))
      this.#taken.release(build)
    })
    waitUntil?.(last.catch(() => {}))
    const answer = await Promise.race([early.promise, last])
    if (answer === undefined) return undefined
    if (answer.bundle !== undefined) return answer.bundle
    throw decodeError(answer.error)
  }

  /** Takes the first free place. A build that the platform ended gives its place back when its time is over. */
  #take(build: symbol, until: number): Place {
    const taken = new Set(this.#taken.active(Date.now()).map(([, place]) => place))
    const place = this.#places.find((it) => !taken.has(it))
    if (place === undefined)
      throw new BundlerBusyError("Too many builds with packages are in flight; try again in a moment")
    this.#taken.grant(build, place, until)
    if (place.builds >= MAX_BUILDS) renew(place)
    place.builds += 1
    return place
  }

  /** Sends a build to an isolate. The next build of the place gets another isolate if this one fails. */
  async #ask(
    place: Place,
    request: BuildRequest,
    outbound: Outbound,
    deliver: Deliver,
    signal: AbortSignal
  ): Promise<Partial<BuildAnswer> | undefined> {
    try {
      const isolate = this.#load(place)
      const started = untilAborted(isolate.start(), signal).then(
        () => true,
        () => false
      )
      const answered = untilAborted(isolate.build(request, outbound, deliver), signal)
      answered.catch(() => {})
      if (await started) return Object(await answered) as Partial<BuildAnswer>
    } catch (error) {
      renew(place)
      signal.throwIfAborted()
      throw endOf(error)
    }
    renew(place)
    signal.throwIfAborted()
    return undefined
  }

  #load({ number, generation }: Place): IsolateStub {
    this.#id ??= crypto.randomUUID()
    const code: IsolateCode = {
      mainModule: "main.js",
      modules: {
        "main.js": this.#options.program(),
        "esbuild.wasm": { wasm: this.#wasm },
        "hono.json": { json: { version: PROVIDED_VERSION, modules: providedSources() } }
      },
      compatibilityDate: "2026-07-01",
      compatibilityFlags: [],
      env: {},
      globalOutbound: null,
      limits: { cpuMs: PACKAGE_LIMITS.timeMs }
    }
    return this.#options.loader.get(`${this.#id}-${number}-${generation}`, async () => code).getEntrypoint()
  }
}

/** Gives a place another isolate. */
const renew = (place: Place): void => {
  place.generation += 1
  place.builds = 0
}

const isolates = new WeakMap<IsolateLoader, Map<IsolateOptions["program"], Isolates>>()

/** The isolates of a loader, however many bundlers there are. */
export const isolatesOf = (wasm: WebAssembly.Module, options: IsolateOptions): Isolates => {
  const known = isolates.get(options.loader) ?? new Map<IsolateOptions["program"], Isolates>()
  isolates.set(options.loader, known)
  const made = known.get(options.program) ?? new Isolates(wasm, options)
  known.set(options.program, made)
  return made
}

const sizeOf = (files: BuildRequest["files"]): number =>
  Object.entries(files).reduce(
    (sum, [path, content]) => sum + path.length + (typeof content === "string" ? content : content.base64).length,
    0
  )

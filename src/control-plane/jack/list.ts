import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import type { ControlPlaneError, Project } from "../ControlPlane.ts"
import { ControlPlaneUnavailable } from "../errors.ts"
import { type JackHttp, withTimeout } from "./JackHttp.ts"
import { ListReader } from "./list-reader.ts"
import { toProjects } from "./wire.ts"

const CALL = "GET /v1/projects"

/** The list may pause this long: before its first byte, and between two pieces. */
const PAUSE_TIMEOUT = "10 seconds"

/** The list must end within this time, in milliseconds. 100,000 projects are some 35 MB. */
const LIST_MS = 60_000

const endless = new ControlPlaneUnavailable({
  message: `the control plane did not finish ${CALL} in ${LIST_MS / 1000} seconds`
})

const undecodable = new ControlPlaneUnavailable({
  message: `the control plane's answer to ${CALL} cannot be decoded`
})

/** Makes the call that lists all projects. Jack's answer has no pages, so it is decoded as it comes. */
export const makeList = ({ readBytes }: JackHttp) => {
  const list = Effect.gen(function* () {
    const since = yield* Clock.currentTimeMillis
    const reader = new ListReader("projects")
    /** Pulls pieces of the answer until one ends a row, and returns the projects that end in it. */
    const pullProjects = <E>(pull: Pull.Pull<Arr.NonEmptyReadonlyArray<Uint8Array>, E>) =>
      Effect.gen(function* () {
        for (;;) {
          const pieces = yield* withTimeout(PAUSE_TIMEOUT, CALL)(pull)
          const now = yield* Clock.currentTimeMillis
          if (now - since > LIST_MS) return yield* endless
          const projects = yield* attempt(() => pieces.flatMap((piece) => toProjects(reader.write(piece), now)))
          if (Arr.isReadonlyArrayNonEmpty(projects)) return projects
        }
      })
    const end = Effect.suspend(() =>
      Effect.andThen(
        attempt(() => reader.end()),
        reader.skipped === 0 ? Effect.void : Effect.logWarning("rows of the list were too long to read", reader.skipped)
      )
    )
    return readBytes("/v1/projects").pipe(
      (bytes) => Stream.transformPull(bytes, (pull) => Effect.succeed(pullProjects(pull))),
      Stream.onEnd(end)
    )
  })
  return (): Stream.Stream<Project, ControlPlaneError> => Stream.unwrap(list)
}

/** Reads a piece, or says that it cannot be decoded: an error of the parser quotes the text. */
const attempt = <A>(read: () => A) => Effect.try({ try: read, catch: () => undecodable })

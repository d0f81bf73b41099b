import * as Effect from "effect/Effect"
import type { Program } from "./CodeRunner.ts"
import { type RunnerUnavailable, StartFailed } from "./errors.ts"

/** Starts a program once. */
type Check = (program: Program) => Effect.Effect<void, StartFailed | RunnerUnavailable>

/**
 * Starts a program with its real secrets, because it may check them while it starts. The error of a failed start could contain
 * a secret in any form, and errors are shown and stored. Therefore the program is started again with other values of the same
 * length. If it fails at the same place, that error is shown. Otherwise the text is withheld, and only the place
 * is shown.
 */
export const withholdSecrets =
  (check: Check): Check =>
  (program) => {
    const secrets = Object.entries(program.secrets ?? {})
    if (secrets.length === 0) return check(program)
    const blank = Object.fromEntries(secrets.map(([name, value]) => [name, "x".repeat(value.length)]))
    return check(program).pipe(
      Effect.catchTag("StartFailed", (failed) =>
        Effect.matchEffect(check({ ...program, secrets: blank }), {
          onSuccess: () => withheld(failed),
          onFailure: (second) =>
            second._tag === "StartFailed" && isSamePlace(failed, second) ? Effect.fail(second) : withheld(failed)
        })
      )
    )
  }

const isSamePlace = (one: StartFailed, other: StartFailed): boolean =>
  one.exported === other.exported && JSON.stringify(one.frames) === JSON.stringify(other.frames)

const withheld = ({ frames, certain }: StartFailed) =>
  Effect.fail(
    new StartFailed({
      message: "The code does not start with these values of env. Its error may contain them, so it is not shown.",
      hint: "Check the values of env, or do what needs them at the first request.",
      frames,
      certain
    })
  )

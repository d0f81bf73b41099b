import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Refusal, toRefusal } from "./answer-problem.ts"

/** A class of errors that are answers. */
type Class = new (fields: never) => object

/** The parts of each class's answers that no error of it changes: the type, the title, the code. */
const constants = new WeakMap<Class, Refusal>()

/**
 * Why a request is refused: an error that is not made yet, because to make it takes longer than to find out that the request is wrong.
 * Most refusals are answered without it.
 */
export class Refused<E extends object> {
  readonly #class: Class
  readonly #given: object

  /** @param given the fields of the error. All errors of a class are given the same ones. */
  constructor(errorClass: Class, given: object) {
    this.#class = errorClass
    this.#given = given
  }

  /** Makes the error. */
  toError(): E {
    return new this.#class(this.#given as never) as E
  }

  /** Returns the answer that the error would be; `undefined` if it is none that has only plain fields. */
  toRefusal(): Refusal | undefined {
    const same = constants.get(this.#class) ?? toRefusal(this.toError())
    if (same === undefined) return undefined
    constants.set(this.#class, same)
    // The order of the fields is that of the class.
    return { status: same.status, fields: { ...same.fields, ...this.#given } }
  }
}

/** Fails with an error of a class, which is made later if somebody needs it. */
export const refuse = <C extends Class>(
  errorClass: C,
  given: ConstructorParameters<C>[0]
): Result.Result<never, Refused<InstanceType<C>>> => Result.fail(new Refused(errorClass, given))

/** Fails with an error that is made. */
export const refuseBy = <E extends object>(error: E): Result.Result<never, Refused<E>> =>
  Result.fail(new Refused(error.constructor as Class, error))

/** Returns what was decoded, or fails with the error. */
export const orFail = <A, E extends object>(decoded: Result.Result<A, Refused<E>>): Effect.Effect<A, E> =>
  Result.isSuccess(decoded) ? Effect.succeed(decoded.success) : Effect.fail(decoded.failure.toError())

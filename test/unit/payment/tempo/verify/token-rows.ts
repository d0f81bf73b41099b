import * as Effect from "effect/Effect"
import { BodyDigest, Credential } from "mppx"
import { change, type Deserialized } from "../client.ts"
import { NO_BODY, terms } from "../setup.ts"
import { type Call, wrongCalls } from "./calls.ts"
import { credentialFor, edited, type Row, signedAgain } from "./rows.ts"

/** Credentials with another digest than their challenge was issued with. */
export const digestTable: Record<string, Row> = {
  "has a changed digest": {
    credential: edited(({ challenge }) => ({ challenge: { ...challenge, digest: BodyDigest.compute("another") } })),
    problem: "invalid-challenge",
    text: /did not issue the challenge/
  },
  "has lost its digest": {
    credential: edited(({ challenge }) => ({ challenge: { ...challenge, digest: undefined } as never })),
    problem: "invalid-challenge",
    text: /did not issue the challenge/
  },
  "is for a request without a body": {
    credential: credentialFor({ ...terms, bodyDigest: NO_BODY }),
    problem: "invalid-challenge",
    key: "key_1",
    text: /another body/
  }
}

/** Makes a credential of the stock one and of the one for the other challenge of the same header. */
const mixed = (mix: (one: Deserialized, other: Deserialized) => object) =>
  Effect.gen(function* () {
    const [one, another] = [yield* credentialFor(terms, { at: 0 }), yield* credentialFor(terms, { at: 1 })]
    return change(one, (parts) => mix(parts, Credential.deserialize(another) as Deserialized))
  })

/** Credentials that mix two challenges of one header. */
export const mixedTable: Record<string, Row> = {
  "has the id of one challenge and the request of the other": {
    credential: mixed(({ challenge }, other) => ({ challenge: { ...challenge, request: other.challenge.request } })),
    problem: "invalid-challenge",
    text: /did not issue the challenge/
  },
  "has the request of one challenge and the id of the other": {
    credential: mixed(({ challenge }, other) => ({ challenge: { ...challenge, id: other.challenge.id } })),
    problem: "invalid-challenge",
    text: /did not issue the challenge/
  },
  "has one challenge and the payment of the other": {
    credential: mixed((_, other) => ({ payload: other.payload })),
    problem: "verification-failed",
    key: "key_1",
    text: /does not pay this challenge/
  },
  "names one challenge and pays in the token of the other": {
    credential: signedAgain(({ calls: [payment] }) => ({
      calls: wrongCalls["pays in another currency"]?.(payment as Call) ?? []
    })),
    problem: "verification-failed",
    key: "key_1",
    text: /does not pay this challenge/
  },
  "answers a challenge in a token that is not offered": {
    credential: credentialFor(terms, { settings: { TEMPO_CURRENCIES: "BetaUSD" }, at: 0 }),
    problem: "invalid-challenge",
    key: "key_1",
    text: /another price, currency/
  }
}

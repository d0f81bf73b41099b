import type { Terms } from "../../PaymentService.ts"

/** SHA-256 of no bytes, in hexadecimal digits. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/**
 * The `digest` of a challenge for a request with a body: `sha-256=` and base64, as mppx's `BodyDigest` (payment scheme,
 * "digest"). `undefined` for a request without a body.
 */
export const digestOf = ({ bodyDigest }: Pick<Terms, "bodyDigest">): string | undefined =>
  bodyDigest === EMPTY ? undefined : `sha-256=${Buffer.from(bodyDigest, "hex").toString("base64")}`

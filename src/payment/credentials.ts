/** A list element of `Authorization`: commas separate, except inside a quoted string (RFC 9110, 5.6.4 and 11.6.2). */
const element = /(?:"(?:[^"\\]|\\.)*"|[^,"])+|"/g

const payment = /^payment(?:\s|$)/i

/**
 * The `Payment` credentials of an `Authorization` header, as they stand: `Payment eyJ…`. A request may carry one; repeated
 * headers reach a Worker joined by commas, so that several are several elements here.
 */
export const credentialsIn = (authorization: string | null | undefined): ReadonlyArray<string> =>
  (authorization?.match(element) ?? []).map((credentials) => credentials.trim()).filter((one) => payment.test(one))

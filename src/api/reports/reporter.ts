import { createHmac } from "node:crypto"
import { CLIENT_HEADER } from "../paid/CredentialRateLimit.ts"

/** The hexadecimal digits that tell the reporters of one deployment apart. */
const DIGITS = 12

/**
 * Names whoever sends a report about a deployment, by the network of the address; null if the host does not tell the address. One
 * household or server has a /64 of IPv6. Nobody without the service's key learns the address from the name, or finds the same
 * reporter at another deployment.
 */
export const reporterOf = (headers: Headers, deploymentId: string, secretKey: string): string | null => {
  const address = headers.get(CLIENT_HEADER)
  if (address === null) return null
  return createHmac("sha256", secretKey)
    .update(`reporter ${deploymentId} ${networkOf(address)}`)
    .digest("hex")
    .slice(0, DIGITS)
}

/** An address of IPv4, or the first 64 bits of one of IPv6: `2001:db8::1` is of the network `2001:db8:0:0`. */
const networkOf = (address: string): string => {
  if (!address.includes(":")) return address
  const [before = "", after] = address.toLowerCase().split("::")
  const groups = before === "" ? [] : before.split(":")
  const last = after === undefined || after === "" ? [] : after.split(":")
  const zeros =
    after === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - last.length) }, () => "0")
  return [...groups, ...zeros, ...last].slice(0, 4).join(":")
}

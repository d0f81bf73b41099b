import { type Hex, keccak256, stringToHex } from "viem"

// A call of a contract is a selector and words of 32 bytes, and the answer is words. The gateway makes a handful of calls. That
// is too few for a library of Tempo's whole ABI, which every isolate would load before its first answer.

/** A function's selector, the first four bytes of its signature's hash: `selectorOf("getNonce(address,uint256)")`. */
export const selectorOf = (signature: string): string => keccak256(stringToHex(signature)).slice(0, 10)

/** Encodes a number or an address as a word: 64 hexadecimal digits. */
export const encodeWord = (value: bigint): string => value.toString(16).padStart(64, "0")

/** Decodes the first words after a selector. It leaves out words that are cut off or are not numbers. */
export const decodeArguments = (data: string, most: number): ReadonlyArray<bigint> =>
  (data.slice(10, 10 + most * 64).match(/[0-9a-f]{64}/gi) ?? []).map((digits) => BigInt(`0x${digits}`))

/** Decodes the words of an answer; `undefined` if there are fewer than `count`. */
export const decodeWords = (answer: Hex, count: number): ReadonlyArray<bigint> | undefined => {
  const words = answer.slice(2).match(/.{64}/g) ?? []
  return words.length < count ? undefined : words.map((digits) => BigInt(`0x${digits}`))
}

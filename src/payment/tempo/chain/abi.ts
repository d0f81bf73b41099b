import { keccak256, stringToHex } from "viem"

// Contracts are called by a selector and words of 32 bytes, and answer in words. What is spoken here is a handful of
// signatures: too little for a library of Tempo's whole ABI, which every isolate would read before it answers anything.

/** The first four bytes of a signature's hash, by which contracts know it: `selectorOf("getNonce(address,uint256)")`. */
export const selectorOf = (signature: string): string => keccak256(stringToHex(signature)).slice(0, 10)

/** A number, or an address, as a word: 64 hexadecimal digits. */
export const word = (value: bigint): string => value.toString(16).padStart(64, "0")

/** The first words that follow a selector, as numbers; what is cut off, or no number, is none. */
export const wordsOf = (data: string, most: number): ReadonlyArray<bigint> =>
  (data.slice(10, 10 + most * 64).match(/[0-9a-f]{64}/gi) ?? []).map((digits) => BigInt(`0x${digits}`))

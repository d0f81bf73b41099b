import * as Option from "effect/Option"

/**
 * The longest slug. Jack serves a project at `https://{username}-{slug}.runjack.xyz` without checking that the first label fits
 * into the 63 characters of a DNS label. A username takes up to 39 and the hyphen one, so 23 remain.
 */
export const SLUG_MAX_LENGTH = 23

/** The length of the suffix that makes a taken slug unique. */
const SUFFIX_LENGTH = 5

/** The most UTF-16 units of a name that the gateway reads, because normalizing takes quadratic time for hostile text. */
const NAME_MAX_LENGTH = 200

/** Cuts a slug, without a hyphen at its end: Jack answers 500 for one. */
// bounded: 23 characters
const cut = (slug: string, length: number) => slug.slice(0, length).replace(/-+$/, "")

/**
 * Makes a slug from a name: lowercase, without accents, other characters than `a-z` and `0-9` as hyphens, hyphens collapsed and
 * trimmed, at most 23 characters. Empty for a name without letters or digits.
 */
export const slugFrom = (name: string): string =>
  cut(
    name
      .slice(0, NAME_MAX_LENGTH)
      .normalize("NFD")
      .replace(/\p{Mark}+/gu, "")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-/, ""),
    SLUG_MAX_LENGTH
  )

/**
 * Returns the next slug to try after a collision: `slug` with the first five alphanumeric characters of `random`, within 23
 * characters. `slug` is the slug of the name, without an earlier suffix.
 */
export const withSuffix = (slug: string, random: string): string => {
  const suffix = random
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .slice(0, SUFFIX_LENGTH)
  const base = cut(slug, SLUG_MAX_LENGTH - 1 - suffix.length)
  return [base, suffix].filter((part) => part !== "").join("-")
}

/**
 * Returns the project's name. It contains the deployment id, because the name is the only field that a create sets in one step
 * with the project. It identifies the project if the answer to the create was lost.
 */
export const projectName = (deploymentId: string): string => `mpp-compute ${deploymentId}`

/** Reads the deployment id from a project's name; `none` for projects of other programs. */
export const deploymentIdOf = (name: string): Option.Option<string> =>
  Option.fromNullishOr(/^mpp-compute (dep_[A-Za-z0-9_-]+)$/.exec(name)?.[1])

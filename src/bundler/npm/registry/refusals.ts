import rcompare from "semver/functions/rcompare.js"
import valid from "semver/functions/valid.js"
import { PackageRefused } from "../errors.ts"

/** The last stable version of each of the newest majors, the newest first. */
const lastOfMajors = (versions: ReadonlyArray<string>): ReadonlyArray<string> => {
  const sorted = versions.filter((it) => valid(it) !== null && !it.includes("-")).toSorted(rcompare)
  const majors = new Map(sorted.toReversed().map((it) => [it.split(".", 1)[0], it]))
  return [...majors.values()].toReversed().slice(0, 5)
}

/** The refusal of a range that npm's registry cannot look for. */
export const badRange = (name: string, range: string): PackageRefused =>
  new PackageRefused({
    code: "bad-range",
    text: `${JSON.stringify(range.slice(0, 100))} is not a version of ${name}`,
    hint: `Write a version or a range, as in "^1.2.3". Packages from git, files, workspaces and URLs are not supported.`,
    package: name
  })

/** The refusal of a package that the registry does not have. */
export const noPackage = (name: string): PackageRefused =>
  new PackageRefused({
    code: "not-found",
    text: `There is no package ${name} on npm`,
    hint: "Correct its name, or send its files and import them by a relative path.",
    package: name
  })

/**
 * The refusal of a version that a package does not have; it names versions that the author can write instead.
 *
 * @param latest the version that is tagged `latest`, if that is known.
 * @param versions all versions of the package, as far as they are known.
 */
export const noVersion = (
  name: string,
  wanted: string,
  latest: string | undefined,
  versions: ReadonlyArray<string>
): PackageRefused => {
  const stable = lastOfMajors(versions).filter((version) => version !== latest)
  const some = stable.length === 0 ? "" : `; others are ${stable.join(", ")}`
  return new PackageRefused({
    code: "no-version",
    text: `There is no version ${wanted} of ${name}`,
    hint: latest === undefined ? `Ask for another version${some}.` : `The latest version is ${latest}${some}.`,
    package: name
  })
}

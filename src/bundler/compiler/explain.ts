import type { Message } from "esbuild-wasm"
import type { Rewrite } from "../diagnostics.ts"
import { insteadOfMissing, insteadOfPackage } from "../resolve/hints.ts"
import type { ResolveContext } from "../resolve/resolve-context.ts"
import { refuseExtension } from "./loaders.ts"
import { extensionOf, folderOf, joinPath } from "../project/paths.ts"
import { ROOT } from "./VirtualFs.ts"

/** Whether a note is about settings of the bundler, which the author of a project cannot change. */
const isAboutSettings = (text: string): boolean =>
  (text.includes("mark the path") && text.includes("external")) || /\besbuild\b|\bloader\b|"--|\bplugin\b/.test(text)

/** A message about an import that leads to no file. */
const unresolved = (context: ResolveContext, message: Message, specifier: string): Partial<Message> => {
  const { files, packageJson, hosts } = context
  const importer = message.location?.file ?? ""
  if (/^\.{1,2}(\/|$)/.test(specifier)) {
    const path = joinPath(folderOf(importer), specifier)
    if (path === undefined)
      return {
        text: `${JSON.stringify(specifier)} leads out of the project`,
        notes: [note("An import must not leave the project's root.")]
      }
    const hint = () => insteadOfMissing(files, importer, path)
    const detail: Rewrite = { specifier, hint }
    return { text: `${JSON.stringify(specifier)} is not among the files`, notes: [], detail }
  }
  if (context.packages !== undefined && /^(?:[@~]|src)\//.test(specifier)) {
    const hint = insteadOfMissing(files, importer, `src/${specifier.slice(specifier.indexOf("/") + 1)}`)
    return { text: `${JSON.stringify(specifier)} is not among the files`, notes: [note(hint)] }
  }
  const [target] = context.aliases.targetsOf(specifier)
  if (context.packages !== undefined && target !== undefined)
    return {
      text: `${JSON.stringify(specifier)} is not among the files`,
      notes: [
        note(
          `"paths" of the TypeScript config lead it to ${JSON.stringify(target)}. Send that file, or name the package in "dependencies" of package.json.`
        )
      ]
    }
  // The compiler's own notes say why the exports of a sent package do not match.
  const notes = message.notes.filter(({ text }) => !isAboutSettings(text))
  const name = JSON.stringify(specifier)
  const text = specifier.startsWith("#") ? `${name} is not available` : `The package ${name} is not available`
  if (notes.length > 0) return { text, notes }
  const detail = insteadOfPackage({ files, importer, hosts, versionOf: packageJson.versionOf }, specifier)
  return { text, notes: [], detail }
}

const note = (text: string): Message["notes"][number] => ({ text, location: null })

const reword = (context: ResolveContext, message: Message): Partial<Message> | undefined => {
  const { text, location } = message
  const missing = /^Could not resolve "(.*)"$/s.exec(text)?.[1]
  if (missing !== undefined) return unresolved(context, message, missing)
  const unreadable = text.startsWith(`Could not read from file: ${ROOT}/`)
    ? text.slice(text.indexOf(ROOT) + ROOT.length + 1)
    : undefined
  if (unreadable !== undefined) {
    const hint = insteadOfMissing(context.files, location?.file ?? "", unreadable)
    return { text: `${JSON.stringify(unreadable)} is not among the files`, notes: [note(hint)] }
  }
  const unloadable = /^No loader is configured for "(.*)" files: /s.exec(text)?.[1]
  if (unloadable !== undefined) {
    const refusal = refuseExtension(unloadable.slice(1).toLowerCase())
    return { text: refusal.text, notes: [note(refusal.hint)] }
  }
  const jsx = location !== null && /^[cm]?ts$/.test(extensionOf(location.file)) && isJsx(message)
  return jsx
    ? { notes: [note("This looks like JSX, which is only read in .tsx and .jsx files. Rename the file to .tsx.")] }
    : undefined
}

/** Whether a syntax error in a TypeScript file comes from JSX: an element begins before it in its line. */
const isJsx = ({ text, location, notes }: Message): boolean =>
  notes.some((it) => it.text.includes("JSX")) ||
  (/^(Expected|Unexpected|Unterminated)/.test(text) &&
    location !== null &&
    location.lineText.length < 2000 &&
    /<(>|[A-Za-z][\w.-]{0,60}(\s[^<>]{0,200})?\/?>)/.test(location.lineText))

/** Explains one of the compiler's messages to the author of a project, who does not know the compiler. */
export const explainMessage = (context: ResolveContext, message: Message): Message => {
  const reworded = reword(context, message)
  if (reworded !== undefined) return { ...message, ...reworded }
  return message.notes.some(({ text }) => isAboutSettings(text))
    ? { ...message, notes: message.notes.filter(({ text }) => !isAboutSettings(text)) }
    : message
}

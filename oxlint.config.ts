import { defineConfig } from "oxlint"
import { forbiddenImports, MODULES } from "./test/structure/modules.ts"

// The project structure as rules: `test/structure/modules.ts` says which module may import what.
export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "oxc"],
  categories: { correctness: "error", suspicious: "error" },
  ignorePatterns: ["**/generated"],
  rules: {
    "typescript/no-explicit-any": "error",
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "no-underscore-dangle": "off",
    "no-shadow": "off",
    "require-yield": "off",
    "unicorn/consistent-function-scoping": "off",
    "no-restricted-imports": ["error", { patterns: forbiddenImports({ name: "test", mayNotKnow: [] }) }]
  },
  // The last override that matches a file replaces the ones before it, so each repeats what holds everywhere.
  overrides: [
    ...MODULES.map((module) => ({
      files: module.name.endsWith(".ts") ? [`src/${module.name}`] : [`src/${module.name}/**`],
      rules: { "no-restricted-imports": ["error", { patterns: forbiddenImports(module) }] }
    })),
    {
      files: ["src/**/testing.ts"],
      rules: {
        "no-restricted-imports": ["error", { patterns: forbiddenImports({ name: "test", mayNotKnow: ["local"] }) }]
      }
    },
    {
      files: ["test/unit/**", "test/workers/**", "test/support/**"],
      rules: {
        "no-restricted-imports": ["error", { patterns: forbiddenImports({ name: "test", mayNotKnow: ["local"] }) }]
      }
    }
  ] as never
})

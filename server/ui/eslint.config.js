import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

// A word that the catalogue doesn't know is a word that Chinese readers never get translated.
const noLiterals = [
  { selector: "JSXText[value=/\\p{L}/u]", message: "Text belongs to src/i18n/en.ts and zh.ts." },
  {
    selector:
      "JSXAttribute[name.name=/^(aria-label|aria-description|title|placeholder|alt|label)$/] > Literal[value=/\\p{L}/u]",
    message: "Text belongs to src/i18n/en.ts and zh.ts.",
  },
];

export default tseslint.config(
  { ignores: ["node_modules", "src/api/schema.d.ts"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js", "scripts/run.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Numbers and voids are handed on by one-line arrows everywhere.
      "@typescript-eslint/no-confusing-void-expression": "off",
      // `void version` in a memo says that it is made anew for each version.
      "@typescript-eslint/no-meaningless-void-operator": "off",
      // uPlot declares its scale kinds as a const enum, of which nothing is left at run time.
      "@typescript-eslint/no-unsafe-enum-assignment": "off",
      // Index signatures and mapped records read better in the catalogue and the codec.
      "@typescript-eslint/consistent-type-definitions": "off",
      "max-lines": ["error", { max: 400 }],
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    ...jsxA11y.flatConfigs.recommended,
    plugins: { ...jsxA11y.flatConfigs.recommended.plugins, "react-hooks": reactHooks },
    rules: {
      ...jsxA11y.flatConfigs.recommended.rules,
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "no-restricted-syntax": ["error", ...noLiterals],
      "no-restricted-imports": ["error", { paths: [{ name: "react", message: "Import from lib/react." }] }],
    },
  },
  { files: ["src/lib/react.ts"], rules: { "no-restricted-imports": "off" } },
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
  {
    files: ["scripts/*.js"],
    languageOptions: { globals: { process: "readonly", URL: "readonly" } },
  },
);

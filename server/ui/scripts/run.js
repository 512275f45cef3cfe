// Runs one of the TypeScript scripts beside it with the tool we build with, so none needs a loader of its own.
import { runnerImport } from "vite";

const name = process.argv[2] ?? "";
const path = new URL(`./${name}.ts`, import.meta.url).pathname;
const { module } = await runnerImport(path, { configFile: false, logLevel: "error" });
process.exitCode = module.main() ? 0 : 1;

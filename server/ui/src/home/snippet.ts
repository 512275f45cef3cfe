/** Six lines that make a first run; shown while there is none. */
export const SNIPPET = `import runicorn as rn

run = rn.init(project="demo", name="first")
for step in range(100):
    run.log({"loss": 1 / (step + 1)})
run.finish()`;

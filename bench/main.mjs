import { CompareUsageError } from './compare/options.mjs'
import { compare } from './compare.mjs'
import { guard } from './guard.mjs'
import { machine } from './machine.mjs'
import { marks } from './marks.mjs'
import { parseOptions, UsageError } from './options.mjs'
import { plot } from './plot.mjs'
import { writeJson } from './report.mjs'
import { soak } from './soak.mjs'

/** Commands with options of their own. */
const OWN_OPTIONS = new Map(Object.entries({ compare, guard, marks, plot, soak }))

async function main() {
  const own = OWN_OPTIONS.get(process.argv[2])
  if (own !== undefined) return own(process.argv.slice(3), (text) => console.log(text))
  const options = parseOptions(process.argv.slice(2))
  const { cpu, cores, memoryGiB, node, platform } = machine()
  console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}, ${platform}; threads: ${options.threads}`)
  for (const name of options.benches) {
    console.log(`\n${name}`)
    const { run } = await import(`./${name}.mjs`)
    const results = await run(options, (text) => console.log(text))
    if (options.json) console.log(`written to ${writeJson(name, options, results)}`)
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UsageError || error instanceof CompareUsageError)) throw error
  console.error(error.message)
  process.exitCode = 2
}

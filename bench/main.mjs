import { CompareUsageError } from './compare/options.mjs'
import { compare } from './compare.mjs'
import { guard } from './guard.mjs'
import { machine } from './machine.mjs'
import { marks } from './marks.mjs'
import { parseOptions, UsageError } from './options.mjs'
import { plot } from './plot.mjs'
import { writeJson } from './report.mjs'
import { soak } from './soak.mjs'

async function main() {
  if (process.argv[2] === 'compare') return compare(process.argv.slice(3), (text) => console.log(text))
  if (process.argv[2] === 'guard') return guard(process.argv.slice(3), (text) => console.log(text))
  if (process.argv[2] === 'soak') return soak(process.argv.slice(3), (text) => console.log(text))
  if (process.argv[2] === 'plot') return plot(process.argv.slice(3), (text) => console.log(text))
  if (process.argv[2] === 'marks') return marks(process.argv.slice(3), (text) => console.log(text))
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

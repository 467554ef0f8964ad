import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { UsageError } from './options.mjs'
import { growthPlot } from './plot/growth.mjs'
import { peersPlot } from './plot/peers.mjs'
import { recordedRun } from './recorded-run.mjs'

/** The plots of recorded runs, by the benchmark that wrote the run. */
const PLOTS = { compare: peersPlot, growth: growthPlot }

/** Draws a recorded run: the JSON file of `compare`, or of `growth --json`. */
export function plot(words, log) {
  const { run, out } = parsePlot(words)
  const report = recordedRun(run)
  const draw = PLOTS[report.bench]
  if (draw === undefined)
    throw new UsageError(`${run} is a run of '${report.bench}'. There are plots of ${Object.keys(PLOTS).join(', ')}.`)
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, draw(report))
  log(`written to ${out}`)
}

export function parsePlot(words) {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: { out: { type: 'string' } },
    })
    const [run, more] = positionals
    if (run === undefined || more !== undefined) throw new TypeError('Name one file of a recorded run.')
    return { run, out: values.out ?? run.replace(/(\.json)?$/, '.svg') }
  } catch (error) {
    throw new UsageError(`${error.message}\nusage: npm run bench -- plot run.json [--out file.svg]`)
  }
}

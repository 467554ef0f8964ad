import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StreamingContext } from '../../index.js'
import { Figures, formatTotals } from '../figures.js'
import { rejectStart } from '../not-started.js'
import { moduleUrl, openPipeline } from '../pipeline.js'
import type { RunCommand } from '../run/arguments.js'
import { serveMetrics } from '../run/metrics.js'
import { BlockedStdoutError, StdoutGate } from '../stdout-gate.js'
import { onStopSignals, SIGNAL_EXIT_CODES } from '../stop-signals.js'
import { chooseView } from '../views/choose-view.js'
import type { View } from '../views/view.js'

/**
 * The longest delay of a timer: exit code 0 promises that everything is processed, so a graceful stop does not abandon
 * batches by itself. A second signal ends the process at once.
 */
const PATIENCE_MS = 2 ** 31 - 1

/** Runs a pipeline module until it is stopped. Rejects with NotStartedError, or with the error that failed the run. */
export async function run(command: RunCommand): Promise<void> {
  const url = moduleUrl(command.module)
  const { batchInterval, params, checkpointDir, keep, writeAheadLog, ui } = command
  const stored = { checkpointDir, replayRetention: keep, writeAheadLog }
  const options = { batchInterval, threads: command.threads, ...command.cluster, params, ui, ...stored }
  const ssc = await openPipeline(url, options)
  const figures = new Figures()
  ssc.on('threadLost', ({ reason }) => figures.threadLost(reason))
  const metrics = command.metrics && (await serveMetrics(ssc, command.metrics))
  if (metrics) process.stderr.write(`millrace: metrics: ${metrics.url}\n`)
  if (!(await start(ssc, command))) return
  if (ssc.ui?.url) process.stderr.write(`millrace: page: ${ssc.ui.url}\n`)

  const { master, threads } = ssc.context.options
  const runs = master === undefined ? `threads=${threads}` : `master=${master}`
  // A status shows the executors of the question before.
  if (master !== undefined) await ssc.status()
  const title = { module: basename(fileURLToPath(url)), runs, batchInterval: ssc.batchInterval }
  const view = chooseView({ json: command.json, title, figures, process })
  const gate = new StdoutGate(process.stdout)
  const print = view.printed ?? ssc.printer
  ssc.printer = (time, lines) => {
    print(time, lines)
    return gate.room()
  }
  /** Reports batches that fail while the run is stopping: `awaitTermination` has settled by then. */
  let failed: Error | undefined
  ssc.on('batchCompleted', (batch) => {
    view.batch(figures.batch(batch))
    failed ??= batch.outputs.find(({ error }) => error)?.error
    if (master !== undefined) void ssc.status().then(({ cluster }) => figures.executors(cluster))
  })
  try {
    await untilEnd(ssc, command, view, gate)
  } finally {
    view.close()
    process.stderr.write(`millrace: ${formatTotals(figures.totals())}\n`)
  }
  if (failed) throw failed
}

/** Starts the streams. Returns false if a signal has ended the start, such as the wait of a standby. */
async function start(ssc: StreamingContext, { until, standby, dropState }: RunCommand): Promise<boolean> {
  let isEnded = false
  const close = onStopSignals({
    first: (signal) => {
      isEnded = true
      process.stderr.write(`millrace: ${signal}: stopping before the first batch; repeat to stop at once\n`)
      ssc.stop().catch(() => undefined)
    },
    second: (signal) => process.exit(SIGNAL_EXIT_CODES[signal]),
  })
  ssc.on('standby', ({ directory, pid, host }) => {
    process.stderr.write(`millrace: standby: process ${pid ?? '?'} of host ${host ?? '?'} has ${directory}\n`)
  })
  ssc.on('standbyPromoted', ({ directory, ms }) => {
    process.stderr.write(`millrace: took over ${directory} after ${Math.round(ms / 1000)} s\n`)
  })
  try {
    await ssc.start({ until, standby, dropState })
    return true
  } catch (error) {
    if (isEnded) return false
    return rejectStart(error)
  } finally {
    close()
  }
}

/** Resolves when the run has ended and all output is delivered. Signals, the duration and a closed stdout end it. */
async function untilEnd(ssc: StreamingContext, { duration }: RunCommand, view: View, gate: StdoutGate): Promise<void> {
  const readers = [...ssc.outputNames].map((name) => deliver(ssc, name, view, gate))
  const closers: (() => void)[] = []
  let blocked = false
  try {
    await new Promise<void>((ended, fail) => {
      const finish = () => {
        gate.stopping()
        ssc.stop({ graceful: true, timeout: PATIENCE_MS }).then(() => ended(), fail)
      }
      ssc.awaitTermination().then(ended, fail)
      for (const reader of readers) reader.catch(fail)
      closers.push(
        onStopSignals({
          first: (signal) => {
            process.stderr.write(
              `millrace: ${signal}: processing received data, then stopping; repeat to stop at once\n`,
            )
            finish()
          },
          second: (signal) => process.exit(SIGNAL_EXIT_CODES[signal]),
        }),
      )
      if (duration !== undefined)
        closers.push(ssc.clock.after?.(duration, finish) ?? ssc.clock.at(ssc.clock.now() + duration, finish))
      // `millrace run ... | head`: the reader has closed stdout. The listener stays, as each later write fails too.
      for (const stream of [process.stdout, process.stderr]) {
        stream.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? finish() : fail(error)))
      }
      // Last, since a reader of this line may send a signal at once.
      view.started()
    })
    await Promise.all(readers)
  } catch (error) {
    blocked = error instanceof BlockedStdoutError
    throw error
  } finally {
    // Signals stay handled until the threads have ended, so that a second Ctrl-C works. Batches that wait for a stdout
    // without a reader would never end: the process ends with their threads.
    if (!blocked) await ssc.stop()
    for (const close of closers) close()
  }
}

async function deliver(ssc: StreamingContext, name: string, view: View, gate: StdoutGate): Promise<void> {
  for await (const { time, records } of ssc.output(name)) {
    view.output(name, time, records)
    await gate.room()
  }
}

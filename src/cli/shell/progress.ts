import type { Context } from '../../index.js'
import { LiveRegion } from '../views/live-region.js'

/** Ms that a job runs before its bar appears, and between two drawings: those of Spark. */
const FIRST_MS = 500
const NEXT_MS = 200
const BAR = 30

interface Stage {
  readonly label: string
  readonly tasks: number
  done: number
}

/** Draws a bar for each stage of the jobs of an input that takes long. Stages of batches have none. */
export class StageProgress {
  readonly #stages = new Map<string, Stage>()
  #region: LiveRegion | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(context: Pick<Context, 'on'>) {
    context.on('stageStarted', ({ job, id, label, tasks, batchTime }) => {
      if (batchTime === undefined) this.#stages.set(`${job}.${id}`, { label, tasks, done: 0 })
    })
    context.on('taskEnded', ({ job, stage, status }) => {
      const known = this.#stages.get(`${job}.${stage}`)
      if (known && status === 'succeeded') known.done++
    })
    context.on('stageCompleted', ({ job, id }) => this.#stages.delete(`${job}.${id}`))
    context.on('jobCompleted', ({ id }) => {
      for (const key of this.#stages.keys()) if (key.startsWith(`${id}.`)) this.#stages.delete(key)
    })
  }

  /** An input runs, or has ended. */
  show(isBusy: boolean): void {
    clearTimeout(this.#timer)
    if (isBusy) {
      this.#timer = setTimeout(() => this.#draw(), FIRST_MS)
      return
    }
    this.#region?.clear()
    this.#region?.close()
    this.#region = undefined
  }

  #draw(): void {
    const bars = [...this.#stages.values()].map((stage) => progressBar(stage))
    if (bars.length > 0 || this.#region) {
      this.#region ??= new LiveRegion(process.stderr, [process.stdout])
      if (bars.length > 0) this.#region.show(bars)
      else this.#region.clear()
    }
    this.#timer = setTimeout(() => this.#draw(), NEXT_MS)
  }
}

/** `map         [==========>                   ] 14 of 40 tasks`. */
export function progressBar({ label, tasks, done }: Stage): string {
  const filled = tasks === 0 ? BAR : Math.floor((BAR * Math.min(done, tasks)) / tasks)
  const bar = filled < BAR ? `${'='.repeat(filled)}>${' '.repeat(BAR - filled - 1)}` : '='.repeat(BAR)
  return `${label.slice(0, 24).padEnd(12)} [${bar}] ${done} of ${tasks} ${tasks === 1 ? 'task' : 'tasks'}`
}

import type { Command } from '#build/engine/scheduler/commands.js'
import type { Answer, MemoryState, PlanOutcome, SchedulerEvent } from '#build/engine/scheduler/events.js'
import { JobBudget } from '#build/engine/scheduler/job-budget.js'
import { MissingInputs, type PlannedTask } from '#build/engine/scheduler/planned-task.js'
import {
  type Attempt,
  type GroupedTask,
  type Job,
  newTask,
  type Stage,
  type Task,
} from '#build/engine/scheduler/task.js'
import { TaskScheduler, type TaskSchedulerOptions } from '#build/engine/scheduler/task-scheduler.js'
import { ThreadLostError } from '#build/errors.js'

type Loss = ConstructorParameters<typeof ThreadLostError>[0]

export interface TaskOptions {
  readonly job?: Job
  /** The thread that holds its state. */
  readonly pinned?: number
  readonly stateful?: boolean
  readonly program?: string
  readonly blocks?: readonly number[]
  readonly sources?: PlannedTask['sources']
  /** What planning comes to instead, as often as there are elements. */
  readonly plans?: (PlanOutcome | undefined)[]
}

let block = 1000

/** A scheduler without threads: the test is the world. Commands come out as text, in the order in which they are carried out. */
export class Scripted {
  readonly scheduler: TaskScheduler
  readonly tasks = new Map<string, Task>()
  readonly commands: Command[] = []
  now = 0
  memory: MemoryState
  mayKeepInputs = true
  /** Tasks of its messages that a thread has begun. */
  begun = 1
  readonly #plans = new Map<Task, () => PlanOutcome>()
  readonly #names = new Map<Task, string>()
  readonly #sent = new Map<number, (readonly Attempt[])[]>()
  readonly #stages = new Map<Job, Stage>()
  #roundIsDue = false
  #jobs = 0

  constructor(options: Partial<TaskSchedulerOptions> = {}) {
    this.scheduler = new TaskScheduler({
      taskTimeoutMs: 1000,
      speculation: undefined,
      policy: undefined,
      warmUp: false,
      broadcasts: { check() {} },
      ...options,
    })
  }

  /** Threads in slots 0, 1, ... */
  ready(...threads: number[]): this {
    for (const [slot, thread] of threads.entries()) this.post({ type: 'ThreadReady', thread, slot, cold: false })
    return this
  }

  job(maxFailures = 4, batchTime?: number): Job {
    return { id: this.#jobs++, batchTime, budget: new JobBudget(maxFailures), resultBytes: 0, ended: false }
  }

  newTask(name: string, options: TaskOptions = {}): Task {
    const { job = this.job(), pinned, stateful, program = 'p', blocks = [block++], sources = [], plans = [] } = options
    const planned = (): PlannedTask => ({
      program: { plan: { op: 'input', input: 0 }, sink: { op: 'collect' }, name: program } as never,
      inputs: [],
      blocks: blocks.map((id) => ({ id, segment: id, length: 10 })) as never,
      files: [],
      reads: [],
      promised: [],
      pinned,
      sources,
      rejects: [],
      states: (stateful ? [{ operator: 0, partition: 0, partitions: 1, version: 1 }] : []) as never,
    })
    let stage = this.#stages.get(job)
    if (!stage) this.#stages.set(job, (stage = { id: 0, identity: 'result', tasks: 4, runTimes: [] }))
    const task = newTask({
      job,
      stage,
      partition: this.tasks.size,
      label: name,
      attempts: 0,
      credited: false,
      plan: planned,
    })
    this.tasks.set(name, task)
    this.#names.set(task, name)
    this.#plans.set(task, () => plans.shift() ?? planned())
    return task
  }

  submit(name: string, options?: TaskOptions): string[] {
    return this.post({ type: 'TaskSubmitted', task: this.newTask(name, options) })
  }

  /** Submits tasks, and lets the turn end. */
  run(names: string, options?: TaskOptions): string[] {
    const job = options?.job ?? this.job()
    return [...names.split(' ').flatMap((name) => this.submit(name, { ...options, job })), ...this.turn()]
  }

  /** What happens at the end of the turn. */
  turn(): string[] {
    if (!this.#roundIsDue) return []
    return this.#round()
  }

  post(event: SchedulerEvent): string[] {
    const commands = this.scheduler.handle(event, this.now)
    return commands.flatMap((command) => [this.#text(command), ...this.#carryOut(command)])
  }

  /** The messages that a thread has not answered, in the order of sending. */
  sentTo(thread: number): readonly (readonly Attempt[])[] {
    return this.#sent.get(thread) ?? []
  }

  /** The first message of a thread is answered: every attempt in the same way, or each in its own. */
  answer(thread: number, ...kinds: (Answer | keyof typeof ANSWERS)[]): string[] {
    const attempts = this.#sent.get(thread)!.shift()!
    const answers = attempts.map((attempt, i): Answer => {
      if (attempt.isRecalled) return { is: 'stale' }
      const kind = kinds[i] ?? kinds[0] ?? 'done'
      return typeof kind === 'string' ? ANSWERS[kind]() : kind
    })
    return this.post({ type: 'TasksAnswered', thread, attempts, answers, mayKeepInputs: this.mayKeepInputs })
  }

  /** `running`: the number from 1 of the task that ran, of those sent and not answered; 0 if none has begun. */
  lose(thread: number, reason: Loss = 'terminated', running = 0): string[] {
    const unclaimed = Math.max(0, this.sentTo(thread).flat().length - running)
    this.#sent.delete(thread)
    const loss = new ThreadLostError(reason, `thread ${thread} is lost`, { details: { thread } })
    return this.post({ type: 'ThreadLost', thread, loss, running: running > 0, unclaimed })
  }

  /** Sends tasks as pipelined stages do: by thread, a name with `*` writes an output. */
  group(messages: Record<number, string>): string[] {
    const job = this.job()
    let place = 0
    const exchange = { ended: () => {}, failed: () => {} } as never
    const all = Object.entries(messages).map(([thread, names]): [number, GroupedTask[]] => [
      Number(thread),
      names.split(' ').map((name) => {
        const task = this.newTask(name.replace('*', ''), { job })
        const planned = this.#plans.get(task)!() as PlannedTask
        const program = this.scheduler.programs.number(planned.program)
        return { task, planned, program, exchange, place: name.includes('*') ? place++ : undefined }
      }),
    ])
    return this.post({ type: 'GroupSubmitted', messages: new Map(all) })
  }

  nameOf({ task, number, warmUp }: Attempt): string {
    return `${this.#names.get(task)}${warmUp ? '~' : ''}#${number}`
  }

  #carryOut(command: Command): string[] {
    this.commands.push(command)
    switch (command.do) {
      case 'plan': {
        const { task, copyFor } = command
        return this.post({ type: 'TaskPlanned', task, copyFor, plan: this.#plans.get(task)!() })
      }
      case 'round':
        if (command.when === 'now') return this.#round()
        this.#roundIsDue = true
        return []
      case 'recall': {
        const { thread } = command
        const count = Math.max(0, this.sentTo(thread).flat().length - this.begun)
        return this.post({ type: 'TasksRecalled', thread, count })
      }
      case 'dispatch': {
        const sent = this.#sent.get(command.thread)
        if (sent) sent.push(command.attempts)
        else this.#sent.set(command.thread, [command.attempts])
        return []
      }
      default:
        return []
    }
  }

  #round(): string[] {
    this.#roundIsDue = false
    return this.post({ type: 'DispatchDue', memory: this.scheduler.hasQueued ? this.memory : undefined })
  }

  #text(command: Command): string {
    const name = (task: Task) => this.#names.get(task)
    switch (command.do) {
      case 'plan':
        return `plan ${name(command.task)}${command.copyFor === undefined ? '' : ` for ${command.copyFor}`}`
      case 'pin':
      case 'release':
      case 'abandon':
        return `${command.do} ${this.nameOf(command.attempt)}`
      case 'dispatch':
        return `dispatch ${command.thread}: ${command.attempts.map((attempt) => this.nameOf(attempt)).join(' ')}`
      case 'recall':
      case 'reopen':
        return `${command.do} ${command.thread}`
      case 'round':
        return `round ${command.when}`
      case 'timer':
        return `timer ${command.timer} ${command.ms}`
      case 'settle': {
        const { outcome } = command
        const how = 'done' in outcome ? 'done' : 'missing' in outcome ? 'missing' : codeOf(outcome.error)
        return `settle ${name(command.task)} ${how}`
      }
      case 'terminate':
        return `terminate ${command.thread} ${command.reason}`
      case 'cancel':
        return `cancel ${command.thread} job ${command.job.id}`
      case 'discard':
        return `discard ${command.blocks.map(({ id }) => id).join(' ')}${command.owned ? ` of ${command.thread}` : ''}`
      case 'forgetState':
        return 'forget state'
      case 'dropBlock':
        return `drop block ${command.block}`
      case 'dropFile':
        return `drop file ${command.file}`
      case 'emit':
        return `emit ${command.event.name}`
    }
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string }
  return code?.replace('ERR_MILLRACE_', '').toLowerCase().replaceAll('_', ' ') ?? message
}

export function done(runMs = 1, written: readonly number[] = []): Answer {
  const blocks = written.map((id) => ({ as: 'shuffle', block: { id, segment: id, length: 10 } }))
  const result = { ok: true, written: blocks, metrics: { runMs, read: [] }, memory: { created: [], returned: [] } }
  return { is: 'done', result: result as never, taken: { value: undefined, added: undefined } }
}

export function failed(error: Error, more: Partial<Extract<Answer, { is: 'failed' }>> = {}): Answer {
  return { is: 'failed', error, ...more }
}

const ANSWERS = {
  done: () => done(),
  quick: () => done(0.01),
  dropped: (): Answer => ({ ...(done(1, [7]) as Extract<Answer, { is: 'done' }>), taken: undefined }),
  threw: () => failed(new RangeError('bad record')),
  stale: (): Answer => ({ is: 'stale' }),
  unreadable: (): Answer => ({ is: 'unreadable', error: new Error('unreadable'), written: [{ id: 9 } as never] }),
  'no state': () => failed(new Error('no state'), { missingState: true }),
}

/** Shuffles that are missing. */
export function missing(): MissingInputs {
  return new MissingInputs([])
}

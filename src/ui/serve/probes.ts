import type { HealthReport, StreamHealth } from '../../metrics/health.js'
import type { Answer } from './answer.js'

/** Answers the probes of an orchestrator on the page's own server. */
export class Probes {
  readonly #health: StreamHealth

  constructor(health: StreamHealth) {
    this.#health = health
  }

  /** Returns undefined unless the path is that of a probe. A request without access learns the outcome, not the checks. */
  answer(path: string, hasAccess: boolean): Answer | undefined {
    if (path === '/healthz') return answerOf(this.#health.live(), hasAccess)
    if (path === '/readyz') return answerOf(this.#health.ready(), hasAccess)
    return undefined
  }

  close(): void {
    this.#health.close()
  }
}

function answerOf(report: HealthReport, hasAccess: boolean): Answer {
  return { status: report.ok ? 200 : 503, body: hasAccess ? report : { ok: report.ok } }
}

/** The finest spans: `task` with batches and stages, `stage` with batches, `batch`, or none. */
export type SpanDetail = 'none' | 'batch' | 'stage' | 'task'

export interface OpenTelemetryOptions {
  /** The finest spans. Default 'task'. With thousands of tasks a second, set 'stage' or 'batch'. */
  readonly spans?: SpanDetail
  /** Whether to record metrics with the global meter provider. Default true. */
  readonly metrics?: boolean
}

import type { ContextOptions } from 'millrace'
import pino from 'pino'

// Loggers are taken as they are, without a cast.
export const options: ContextOptions[] = [{ logger: pino() }, { logger: pino().child({ a: 1 }) }, { logger: console }]

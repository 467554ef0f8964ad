import { row } from './rows/postgres.js'
import { runSuite } from './suite.js'

runSuite(row)

import { row } from './rows/sqlite.js'
import { runSuite } from './suite.js'

runSuite(row)

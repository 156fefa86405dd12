/** All tools, in the order in which they are listed: what most jobs begin with comes first. */
import type { Tool } from "./tool.js"
import { diffInventory, explainChange, verifyHistory } from "./tools/changes.js"
import { findStaleTargets, getUnhealthyTargets, searchFleet, showEntity } from "./tools/find.js"
import { runComprehensiveHealthCheck, runFleetDiscovery } from "./tools/looks.js"
import { getFleetOverview } from "./tools/overview.js"
import { generateFleetReport } from "./tools/report.js"
import { compareSnapshots, createInventorySnapshot, listSnapshots } from "./tools/snapshots.js"

export const tools: readonly Tool[] = [
  getFleetOverview,
  searchFleet,
  showEntity,
  explainChange,
  diffInventory,
  getUnhealthyTargets,
  findStaleTargets,
  listSnapshots,
  compareSnapshots,
  generateFleetReport,
  verifyHistory,
  runFleetDiscovery,
  runComprehensiveHealthCheck,
  createInventorySnapshot,
]

/*
 * index.mjs
 *		The figures, in the order in which they are measured.  isRepeated: the runner
 *		runs them several times and shows medians; the others see to it themselves.
 */
import backfill from './backfill.mjs';
import beside from './beside.mjs';
import claim from './claim.mjs';
import hot from './hot.mjs';
import inbound from './inbound.mjs';
import insert from './insert.mjs';
import installations from './installations.mjs';
import latency from './latency.mjs';
import limits from './limits.mjs';
import memory from './memory.mjs';
import outbound from './outbound.mjs';
import peers from './peers.mjs';
import profile from './profile.mjs';
import snapshot from './snapshot.mjs';
import supersede from './supersede.mjs';
import sweeps from './sweeps.mjs';
import views from './views.mjs';
import watching from './watching.mjs';
import webhooks from './webhooks.mjs';

export const FIGURES = [limits, inbound, peers, backfill, profile, outbound, insert, claim, latency, hot, beside, memory, snapshot, installations, supersede, sweeps, views, watching, webhooks];

/*
 * index.mjs
 *		The figures, in the order in which they are measured.
 */
import inbound from './inbound.mjs';
import outbound from './outbound.mjs';
import peers from './peers.mjs';

export const FIGURES = [inbound, peers, outbound];

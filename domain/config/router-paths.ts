import { z } from 'zod';
import { expected } from './values';

/*
 * Paths that stand in files of routers. The languages of HAProxy and nginx give some characters a meaning that no
 * quoting takes away, and disagree on how the others are quoted. Such paths are refused.
 */

const ODD = `spaces, control characters and ' " \\ $ # ; , : * ? [ ] ( ) { }`;
const SAFE = `[^\\s\\p{Cc}'"\\\\$#;,:*?[\\](){}]`;

const ABSOLUTE = expected('an absolute path');
const HAPROXY = expected(`an absolute path without ${ODD}`);
/** A folder that HAProxy's files name. */
export const haproxyFolder = () => z.string(ABSOLUTE).regex(new RegExp(`^/${SAFE}*$`, 'u'), HAPROXY);

const OWN = expected(`an absolute path without ${ODD}, whose last part has only letters, digits and _ . -`);
/** The folder of a router that Spillway runs; its last part is a part of the container's name. */
export const ownFolder = () => z.string(ABSOLUTE).regex(new RegExp(`^/(${SAFE}*/)?[A-Za-z0-9_.-]+/?$`, 'u'), OWN);

const QUOTED = expected('a path without control characters and $');
/** It stands in quotes. */
export const quotedPath = () => z.string(expected('a path')).regex(/^[^\p{Cc}$]+$/u, QUOTED);

const QUOTED_FOLDER = expected('an absolute path without control characters and $');
/** A folder that nginx's files name in quotes. */
export const nginxFolder = () => z.string(ABSOLUTE).regex(/^\/[^\p{Cc}$]*$/u, QUOTED_FOLDER);

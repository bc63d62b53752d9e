// How duty posts and their hours read. Pure functions.

import type { DutyPost } from '../api/types';
import { language } from '../strings/index.svelte';

/** Returns the name of a post in the language of the page, where it has one. */
export function nameOf(post: DutyPost | undefined): string {
  if (!post) return '…';
  return language.current === 'en' ? (post.name_other ?? post.name) : post.name;
}

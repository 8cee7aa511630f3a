/* other: nothing in src/other is compiled: scripts/rooms\.txt has no room "other" */
this is no C

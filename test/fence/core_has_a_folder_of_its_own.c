/* core: src/core/inner/accomplice\.c: nothing in a folder within src/core is compiled */
/* also core/inner/accomplice.c: */
this is no C

// PID 1 of the enclave's image. It sets up what Node needs, tells the parent that the enclave is up, and runs the one
// program; there is no shell and no other. Whatever is not as it must be ends the enclave: a line on the console, reboot.
#ifndef SEALROOM_INIT_H
#define SEALROOM_INIT_H

#include <stdbool.h>
#include <stddef.h>

#define ROOTFS "/rootfs"

// console.c
void open_console(void);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Says it, and the errno when there is one, and ends the enclave.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void end_enclave(void);

// text-file.c: a whole small file into `text`, with a NUL at its end. False when there is no such file; anything else
// that is wrong with it, a NUL inside or more than size - 1 bytes too, ends the enclave.
bool read_text_file(const char *path, char *text, size_t size);

// mounts.c: /proc, /sys and /dev, for init itself and below /rootfs; /tmp there.
void mount_all(void);

// modules.c: the kernel modules that /modules/order names, a line each, in that order.
void insert_modules(void);

// entropy.c: random bytes of the NSM into the kernel's pool, before any program draws from it.
void seed_from_nsm(void);

// heartbeat.c: 0xB7 to the parent, port 9000, and 0xB7 back, as nitro-cli waits for it.
void tell_parent(void);

// program.c: runs Node, and returns when it has ended.
void run_program(void);

#endif

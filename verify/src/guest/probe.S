# The probe guest: a 64 KiB ROM that keeps memory busy, checks it, and says so on the first serial port.
# It has no firmware, no disk and no kernel, so it beats within milliseconds and every byte of its state is known.
#
#   as --32 -o probe.o probe.S && ld -m elf_i386 -Ttext 0 --oformat binary -o probe.rom probe.o
#
# Parameters: eight little-endian words at offset 0, written by the tool before each start.
#    0 magic "NVMD"          16 hot pages
#    4 first cold address    20 hot pages written between two heartbeats
#    8 cold pages            24 nanoseconds between two heartbeats, 0 = as fast as it can
#   12 first hot address     28 cold pages checked at every heartbeat
#
# Record: twelve bytes  A5  kind  sequence(4)  generation(4)  cold round(2)
#   kind S started, H heartbeat, E memory is not what it was (sequence = address, generation = what was found)
#
# Between two heartbeats it halts until its local APIC's timer wakes it, so that it leaves the host's cores to others. That timer
# counts nanoseconds in KVM and in QEMU alike, and goes on by itself: a tick that is late or lost costs one heartbeat.
#
# A cold page holds a hash of its address at 0, 2044 and 4092. A hot page holds that hash at 2048 and, at 0, the
# generation that wrote it last: whatever arrives late, twice or not at all is seen by the next round.

.set ROM,   0xFFFF0000          # where the image lies once the processor runs in 32 bits
.set HASH,  0x9E3779B1

.set STATE, 0x9000              # the guest's own variables, in RAM, so that they migrate
.set SEQ,   STATE
.set NEXT,  STATE + 4           # next cold page to check
.set ROUND, STATE + 8           # rounds through the cold pages
.set LEFT,  STATE + 16          # hot pages until the next heartbeat
.set REC,   STATE + 32          # the record being sent
.set STACK, 0x8000

.set APIC,          0xFEE00000
.set APIC_END,      APIC + 0xB0
.set APIC_SPURIOUS, APIC + 0xF0
.set APIC_TIMER,    APIC + 0x320
.set APIC_LINT0,    APIC + 0x350
.set APIC_COUNT,    APIC + 0x380
.set APIC_DIVIDE,   APIC + 0x3E0
.set TICK,          0x20            # the vectors: the timer's
.set NOBODY,        0x2F            # and that of an interrupt which is withdrawn

.section .text
.code16
.globl _start
_start:
        .ascii "NVMD"
cold_at:        .long 0x100000
cold_pages:     .long 512
hot_at:         .long 0x300000
hot_pages:      .long 3072
batch:          .long 64
period:         .long 0
cold_checks:    .long 16

real_mode:
        cli
        lgdtl   %cs:(table_register - _start)
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $8, $(ROM + protected_mode - _start)

.code32
protected_mode:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $STACK, %esp
        cld
        movw    $0x3FA, %dx             # the port's FIFO on
        movb    $1, %al
        outb    %al, %dx

        movl    ROM + cold_at - _start, %edi
        movl    ROM + cold_pages - _start, %ecx
fill_cold:
        imull   $HASH, %edi, %eax
        movl    %eax, (%edi)
        movl    %eax, 2044(%edi)
        movl    %eax, 4092(%edi)
        addl    $4096, %edi
        loop    fill_cold

        movl    ROM + hot_at - _start, %edi
        movl    ROM + hot_pages - _start, %ecx
fill_hot:
        imull   $HASH, %edi, %eax
        movl    $0, (%edi)
        movl    %eax, 2048(%edi)
        addl    $4096, %edi
        loop    fill_hot

        xorl    %ebp, %ebp              # %ebp: the generation
        movl    %ebp, SEQ
        movl    %ebp, ROUND
        movl    ROM + cold_at - _start, %eax
        movl    %eax, NEXT
        movl    ROM + batch - _start, %eax
        movl    %eax, LEFT
        call    start_timer
        movb    $'S', %bl
        call    send

generation:
        movl    %ebp, %edx              # %edx: what every hot page holds from the round before
        incl    %ebp
        movl    ROM + hot_at - _start, %edi
        movl    ROM + hot_pages - _start, %esi
some_pages:                             # to the next heartbeat or the end of the round
        movl    LEFT, %ecx
        cmpl    %esi, %ecx
        jbe     counted
        movl    %esi, %ecx
counted:
        subl    %ecx, %esi
        subl    %ecx, LEFT
hot_page:
        cmpl    %edx, (%edi)
        jne     damaged
        imull   $HASH, %edi, %eax
        cmpl    %eax, 2048(%edi)
        jne     damaged
        movl    %ebp, (%edi)
        addl    $4096, %edi
        loop    hot_page
        cmpl    $0, LEFT
        jne     generation
        movl    ROM + batch - _start, %eax
        movl    %eax, LEFT
        pushl   %edx
        pushl   %esi
        pushl   %edi
        call    beat
        popl    %edi
        popl    %esi
        popl    %edx
        testl   %esi, %esi
        jnz     some_pages
        jmp     generation

beat:
        movl    ROM + cold_pages - _start, %edx
        shll    $12, %edx
        addl    ROM + cold_at - _start, %edx    # %edx: behind the last cold page
        movl    NEXT, %edi
        movl    ROM + cold_checks - _start, %ecx
check_cold:
        imull   $HASH, %edi, %eax
        cmpl    %eax, (%edi)
        jne     damaged
        cmpl    %eax, 2044(%edi)
        jne     damaged
        cmpl    %eax, 4092(%edi)
        jne     damaged
        addl    $4096, %edi
        cmpl    %edx, %edi
        jb      same_round
        movl    ROM + cold_at - _start, %edi
        incl    ROUND
same_round:
        loop    check_cold
        movl    %edi, NEXT

        incl    SEQ
        movb    $'H', %bl
        call    send
        cmpl    $0, ROM + period - _start
        je      beat_done
        sti                             # a tick that came meanwhile is taken here, and then it does not halt for long
        hlt
        cli                             # woken by something that is no interrupt
beat_done:
        ret

tick:                                   # only ever taken in the halt above, with interrupts off again
        movl    $0, APIC_END
nobody:
        addl    $12, %esp               # iret is not to be had everywhere: some hosts emulate 32 bits without it
        ret                             # from beat

start_timer:
        movb    $0xFF, %al              # the old interrupt controllers are nobody's: no vectors are set for them
        outb    %al, $0x21
        outb    %al, $0xA1
        lidtl   ROM + interrupts_register - _start
        movl    $0x10000, APIC_LINT0
        movl    $(0x100 | NOBODY), APIC_SPURIOUS
        movl    $0xB, APIC_DIVIDE       # by one
        movl    $(0x20000 | TICK), APIC_TIMER   # again and again
        movl    ROM + period - _start, %eax
        movl    %eax, APIC_COUNT
        ret

damaged:
        movl    %edi, SEQ
        movl    (%edi), %ebp
        movb    $'E', %bl
        call    send
stop:
        hlt
        jmp     stop

send:                                   # %bl: the kind
        movb    $0xA5, REC
        movb    %bl, REC + 1
        movl    SEQ, %eax
        movl    %eax, REC + 2
        movl    %ebp, REC + 6
        movl    ROUND, %eax
        movw    %ax, REC + 10
        movw    $0x3FD, %dx
line_busy:
        inb     %dx, %al
        testb   $0x20, %al
        jz      line_busy
        movl    $REC, %esi
        movl    $12, %ecx
        movw    $0x3F8, %dx
        rep outsb
        ret

        .balign 8
table:                                  # the accessed bits are set beforehand: in a ROM the processor cannot set them
        .quad   0
        .quad   0x00CF9B000000FFFF
        .quad   0x00CF93000000FFFF
table_register:
        .word   23
        .long   ROM + table - _start

        .balign 8
.macro gate handler
        .word   \handler - _start, 8, 0x8E00, ROM >> 16
.endm
interrupts:
        .fill   TICK, 8, 0
        gate    tick
        .fill   NOBODY - TICK - 1, 8, 0
        gate    nobody
interrupts_end:
interrupts_register:
        .word   interrupts_end - interrupts - 1
        .long   ROM + interrupts - _start

        .org    0xFFF0
.code16
        jmp     real_mode
        .org    0x10000

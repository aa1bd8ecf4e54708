complete -c shm -f
# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_shm_global_optspecs
    string join \n h/help V/version
end

function __fish_shm_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_shm_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_shm_using_subcommand
    set -l cmd (__fish_shm_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c shm -n "__fish_shm_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_needs_command" -s V -l version -d 'Print version'
complete -c shm -n "__fish_shm_needs_command" -f -a "writer" -d 'Send standard input as messages, one per line'
complete -c shm -n "__fish_shm_needs_command" -f -a "reader" -d 'Write messages to standard output as they arrive'
complete -c shm -n "__fish_shm_needs_command" -f -a "ls" -d 'List what is in /dev/shm, mailboxes first'
complete -c shm -n "__fish_shm_needs_command" -f -a "stat" -d 'Show objects in detail'
complete -c shm -n "__fish_shm_needs_command" -f -a "peek" -d 'Show what is queued in a mailbox, without taking it'
complete -c shm -n "__fish_shm_needs_command" -f -a "tap" -d 'Show what passes through a mailbox, without taking it'
complete -c shm -n "__fish_shm_needs_command" -f -a "top" -d 'Show the traffic of all mailboxes, live'
complete -c shm -n "__fish_shm_needs_command" -f -a "rm" -d 'Remove objects that no process uses'
complete -c shm -n "__fish_shm_needs_command" -f -a "forget" -d 'Give up a label of a bus, and the messages kept for it'
complete -c shm -n "__fish_shm_needs_command" -f -a "doctor" -d 'Check whether mailboxes can work on this system'
complete -c shm -n "__fish_shm_needs_command" -f -a "bridge" -d 'Carry a mailbox to another machine, by the program shm-bridge'
complete -c shm -n "__fish_shm_needs_command" -f -a "bench" -d 'Measure latency against CPU time, for each way of waiting'
complete -c shm -n "__fish_shm_needs_command" -f -a "completions" -d 'Print completions for a shell'
complete -c shm -n "__fish_shm_needs_command" -f -a "man" -d 'Print the manual page of a command, or write all pages'
complete -c shm -n "__fish_shm_using_subcommand writer" -l receivers -d 'A bus with room for R readers [default: 8]' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -l senders -d 'A bus with room for S writers [default: 1]' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -l as -d 'Have a label on a bus, to resume after a restart' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -l wait -d 'By spin, yield, poll, backoff, block, bell, adaptive' -r -f -a "spin\t''
yield\t''
poll\t''
backoff\t''
block\t''
bell\t''
adaptive\t''"
complete -c shm -n "__fish_shm_using_subcommand writer" -l interval -d 'Interval of --wait poll [default: 100ms]' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -l slots -d 'When creating: room for N messages [default: 256]' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -l mode -d 'When creating: permissions, octal [default: 0600]' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -l group -d 'Share with a group; give it to writer and reader' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -l attach-timeout -d 'Retry this long for a taken role [default: 500ms]' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -s m -l message -d 'Send TEXT instead of standard input; repeatable' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -l oversize -d 'A line over 1 KiB: split, or error [default: split]' -r -f -a "split\t'Sent in pieces, which are one again when written out'
error\t'An error, exit 8'"
complete -c shm -n "__fish_shm_using_subcommand writer" -l timeout -d 'Wait at most D to send a message, else exit 124' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -l drain -d 'At the end, wait at most D for messages to be taken' -r -f
complete -c shm -n "__fish_shm_using_subcommand writer" -l classic -d 'Use the layout of the original C programs'
complete -c shm -n "__fish_shm_using_subcommand writer" -s 0 -l null -d 'Messages end with a null instead of a newline'
complete -c shm -n "__fish_shm_using_subcommand writer" -l raw -d 'A stream of bytes, in pieces of up to 1 KiB'
complete -c shm -n "__fish_shm_using_subcommand writer" -l length-delimited -d 'A length (u32, big-endian) before each message'
complete -c shm -n "__fish_shm_using_subcommand writer" -l prompt -d 'Asleep, learn at once that the peer died'
complete -c shm -n "__fish_shm_using_subcommand writer" -l any-owner -d 'Accept an object that others own or may write to'
complete -c shm -n "__fish_shm_using_subcommand writer" -l progress -d 'Show messages, bytes and rate while it runs'
complete -c shm -n "__fish_shm_using_subcommand writer" -l stats -d 'At the end, print figures to standard error'
complete -c shm -n "__fish_shm_using_subcommand writer" -l keep -d 'Exit at the end, and leave object and messages'
complete -c shm -n "__fish_shm_using_subcommand writer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand reader" -l receivers -d 'A bus with room for R readers [default: 8]' -r -f
complete -c shm -n "__fish_shm_using_subcommand reader" -l senders -d 'A bus with room for S writers [default: 1]' -r -f
complete -c shm -n "__fish_shm_using_subcommand reader" -l as -d 'Have a label on a bus, to resume after a restart' -r -f
complete -c shm -n "__fish_shm_using_subcommand reader" -l wait -d 'By spin, yield, poll, backoff, block, bell, adaptive' -r -f -a "spin\t''
yield\t''
poll\t''
backoff\t''
block\t''
bell\t''
adaptive\t''"
complete -c shm -n "__fish_shm_using_subcommand reader" -l interval -d 'Interval of --wait poll [default: 100ms]' -r -f
complete -c shm -n "__fish_shm_using_subcommand reader" -l slots -d 'When creating: room for N messages [default: 256]' -r -f
complete -c shm -n "__fish_shm_using_subcommand reader" -l mode -d 'When creating: permissions, octal [default: 0600]' -r -f
complete -c shm -n "__fish_shm_using_subcommand reader" -l group -d 'Share with a group; give it to writer and reader' -r -f
complete -c shm -n "__fish_shm_using_subcommand reader" -l attach-timeout -d 'Retry this long for a taken role [default: 500ms]' -r -f
complete -c shm -n "__fish_shm_using_subcommand reader" -l from -d 'On a bus, start with next or oldest [default: next]' -r -f -a "next\t''
oldest\t''"
complete -c shm -n "__fish_shm_using_subcommand reader" -s c -l count -d 'Exit after N messages' -r -f
complete -c shm -n "__fish_shm_using_subcommand reader" -l timeout -d 'Wait at most D for the next message, else exit 124' -r -f
complete -c shm -n "__fish_shm_using_subcommand reader" -l classic -d 'Use the layout of the original C programs'
complete -c shm -n "__fish_shm_using_subcommand reader" -s 0 -l null -d 'Messages end with a null instead of a newline'
complete -c shm -n "__fish_shm_using_subcommand reader" -l raw -d 'A stream of bytes, in pieces of up to 1 KiB'
complete -c shm -n "__fish_shm_using_subcommand reader" -l length-delimited -d 'A length (u32, big-endian) before each message'
complete -c shm -n "__fish_shm_using_subcommand reader" -l prompt -d 'Asleep, learn at once that the peer died'
complete -c shm -n "__fish_shm_using_subcommand reader" -l any-owner -d 'Accept an object that others own or may write to'
complete -c shm -n "__fish_shm_using_subcommand reader" -l progress -d 'Show messages, bytes and rate while it runs'
complete -c shm -n "__fish_shm_using_subcommand reader" -l stats -d 'At the end, print figures to standard error'
complete -c shm -n "__fish_shm_using_subcommand reader" -l no-wait -d 'Take what is queued, and do not wait for more'
complete -c shm -n "__fish_shm_using_subcommand reader" -l follow -d 'When the writer exits or dies, wait for the next'
complete -c shm -n "__fish_shm_using_subcommand reader" -l json -d 'One JSON object per line for each message'
complete -c shm -n "__fish_shm_using_subcommand reader" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand ls" -s o -l output -d 'Only these columns, in this order' -r -f -a "name\t''
kind\t''
slots\t''
queued\t''
sent\t''
received\t''
writer\t''
reader\t''
owner\t''
mode\t''
size\t''"
complete -c shm -n "__fish_shm_using_subcommand ls" -l all -d 'Also semaphores, directories, links, and names not in UTF-8'
complete -c shm -n "__fish_shm_using_subcommand ls" -l stale -d 'Only mailboxes with neither writer nor reader'
complete -c shm -n "__fish_shm_using_subcommand ls" -l no-headings -d 'Leave out the line with the columns\' names'
complete -c shm -n "__fish_shm_using_subcommand ls" -s q -l quiet -d 'Only names, one per line'
complete -c shm -n "__fish_shm_using_subcommand ls" -l json -d 'One JSON object per line'
complete -c shm -n "__fish_shm_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand stat" -l json -d 'One JSON object per line'
complete -c shm -n "__fish_shm_using_subcommand stat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand peek" -s c -l count -d 'Show at most N messages, the oldest' -r -f
complete -c shm -n "__fish_shm_using_subcommand peek" -l json -d 'One JSON object per line for each message'
complete -c shm -n "__fish_shm_using_subcommand peek" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand tap" -l from -d 'The first message: next, or oldest [default: next]' -r -f -a "next\t''
oldest\t''"
complete -c shm -n "__fish_shm_using_subcommand tap" -s c -l count -d 'Exit after N messages' -r -f
complete -c shm -n "__fish_shm_using_subcommand tap" -l timeout -d 'Wait at most D for the next message, else exit 124' -r -f
complete -c shm -n "__fish_shm_using_subcommand tap" -l follow -d 'When the writer exits or dies, wait for the next'
complete -c shm -n "__fish_shm_using_subcommand tap" -l length-delimited -d 'Write the length before each message, not its framing'
complete -c shm -n "__fish_shm_using_subcommand tap" -l json -d 'One JSON object a line for each message'
complete -c shm -n "__fish_shm_using_subcommand tap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand top" -l interval -d 'Refresh every D' -r -f
complete -c shm -n "__fish_shm_using_subcommand top" -s n -l count -d 'Exit after N refreshes' -r -f
complete -c shm -n "__fish_shm_using_subcommand top" -l json -d 'One JSON object a line for each refresh'
complete -c shm -n "__fish_shm_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand rm" -l stale -d 'Remove all mailboxes with neither writer nor reader'
complete -c shm -n "__fish_shm_using_subcommand rm" -l force -d 'Remove objects in use; with --stale, those with messages'
complete -c shm -n "__fish_shm_using_subcommand rm" -l dry-run -d 'Only print what would be removed'
complete -c shm -n "__fish_shm_using_subcommand rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand forget" -l any-owner -d 'Accept an object that others own or may write to'
complete -c shm -n "__fish_shm_using_subcommand forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand doctor" -l json -d 'Print one JSON object per line for each check'
complete -c shm -n "__fish_shm_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand bridge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand bench" -l wait -d 'spin, yield, backoff, adaptive, block, bell, poll [default: all]' -r -f -a "spin\t''
yield\t''
poll\t''
backoff\t''
block\t''
bell\t''
adaptive\t''"
complete -c shm -n "__fish_shm_using_subcommand bench" -l interval -d 'Intervals of poll [default: 1us,10us,100us,1ms,10ms,100ms]' -r -f
complete -c shm -n "__fish_shm_using_subcommand bench" -l size -d 'Bytes in a message, 10 to 1024' -r -f
complete -c shm -n "__fish_shm_using_subcommand bench" -l slots -d 'Room for N messages' -r -f
complete -c shm -n "__fish_shm_using_subcommand bench" -l pin -d 'Cores of the two processes: far, same or none' -r -f -a "far\t''
same\t''
none\t''"
complete -c shm -n "__fish_shm_using_subcommand bench" -l duration -d 'How long each measurement lasts, 1ms or more' -r -f
complete -c shm -n "__fish_shm_using_subcommand bench" -l json -d 'Write figures as JSON, to FILE or instead of the table' -r -F
complete -c shm -n "__fish_shm_using_subcommand bench" -l csv -d 'Write figures as CSV, to FILE or instead of the table' -r -F
complete -c shm -n "__fish_shm_using_subcommand bench" -l svg -d 'Draw latency against CPU time, to FILE' -r -F
complete -c shm -n "__fish_shm_using_subcommand bench" -l classic -d 'Also measure the layout of the original C programs'
complete -c shm -n "__fish_shm_using_subcommand bench" -l no-original -d 'Leave out the loop of the original C programs'
complete -c shm -n "__fish_shm_using_subcommand bench" -l quick -d 'Measure less exactly, in less than a minute'
complete -c shm -n "__fish_shm_using_subcommand bench" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand man" -l dir -d 'Write all pages to this directory instead' -r -f -a "(__fish_complete_directories)"
complete -c shm -n "__fish_shm_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shm -n "__fish_shm_using_subcommand writer" -a "(shm ls -q 2>/dev/null)" -d Object
complete -c shm -n "__fish_shm_using_subcommand reader" -a "(shm ls -q 2>/dev/null)" -d Object
complete -c shm -n "__fish_shm_using_subcommand ls" -a "(shm ls -q 2>/dev/null)" -d Object
complete -c shm -n "__fish_shm_using_subcommand stat" -a "(shm ls -q 2>/dev/null)" -d Object
complete -c shm -n "__fish_shm_using_subcommand peek" -a "(shm ls -q 2>/dev/null)" -d Object
complete -c shm -n "__fish_shm_using_subcommand tap" -a "(shm ls -q 2>/dev/null)" -d Object
complete -c shm -n "__fish_shm_using_subcommand top" -a "(shm ls -q 2>/dev/null)" -d Object
complete -c shm -n "__fish_shm_using_subcommand rm" -a "(shm ls -q 2>/dev/null)" -d Object
complete -c shm -n "__fish_shm_using_subcommand forget" -a "(shm ls -q 2>/dev/null)" -d Object
complete -c shm -n "__fish_shm_using_subcommand forget" -a "" -d Value
complete -c shm -n "__fish_shm_using_subcommand bridge" -a "" -d Value
complete -c shm -n "__fish_shm_using_subcommand completions" -a "bash elvish fish powershell zsh" -d Value
complete -c shm -n "__fish_shm_using_subcommand man" -a "writer reader ls stat peek tap top rm forget doctor bridge bench completions man" -d Value

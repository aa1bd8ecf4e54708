(( $+functions[_shm_objects] )) ||
_shm_objects() {
    local expl
    local -a names
    names=(${(f)"$(_call_program objects shm ls -q 2>/dev/null)"})
    _wanted objects expl object compadd -a names
}

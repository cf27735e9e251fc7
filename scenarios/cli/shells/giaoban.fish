# Words for giaoban in fish: giaoban itself says which.
function __giaoban_words
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (_GIAOBAN_COMPLETE=fish $words[1] $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :folders
                __fish_complete_directories "$current" ""
            case '*'
                echo $line
        end
    end
end
complete -c giaoban -f -a '(__giaoban_words)'
